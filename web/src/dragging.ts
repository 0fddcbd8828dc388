// What a finger, or the mouse, drags over the picture. A second finger is for the picture itself: then nothing is dragged.
import type { Point } from './client'

/** A tap is seldom quite still. */
const LEAST_PX = 4

type Pressed = Pick<PointerEvent, 'pointerId' | 'isPrimary' | 'clientX' | 'clientY'>

export class Dragging {
  /** Whether what was held last was moved: then what follows is no click. */
  moved = false
  private held: { pointer: number; from: Point } | null = null

  get holds(): boolean {
    return this.held !== null
  }

  /** Something goes down on the picture. Returns whether a drag is under way, which has to be taken back. */
  press(): boolean {
    const isUnderWay = this.held !== null && this.moved
    this.held = null
    this.moved = false
    return isUnderWay
  }

  /** It went down on what can be dragged. */
  hold({ pointerId, isPrimary, clientX, clientY }: Pressed): void {
    if (isPrimary) this.held = { pointer: pointerId, from: [clientX, clientY] }
  }

  /** Whether it drags: with `begins` for the first time. */
  move({ pointerId, clientX, clientY }: Pressed): 'not' | 'begins' | 'goes on' {
    if (this.held?.pointer !== pointerId) return 'not'
    if (this.moved) return 'goes on'
    const [x, y] = this.held.from
    this.moved = Math.hypot(clientX - x, clientY - y) >= LEAST_PX
    return this.moved ? 'begins' : 'not'
  }

  release({ pointerId }: Pressed): void {
    if (this.held?.pointer === pointerId) this.held = null
  }
}
