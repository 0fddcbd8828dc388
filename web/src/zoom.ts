// Zoom of the picture that is drawn on: the stage grows inside a container that scrolls, so that panning is scrolling and
// what is drawn on it keeps its size.
import { useEffect, useLayoutEffect, useRef, useState, type MutableRef } from 'preact/hooks'

export const LEAST_ZOOM = 1
export const MOST_ZOOM = 6
const STEP = 1.5
/** Of a wheel, by which it zooms e times. */
const WHEEL_PX = 400

export interface Zoom {
  zoom: number
  scroller: MutableRef<HTMLDivElement | null>
  zoomIn: () => void
  zoomOut: () => void
  whole: () => void
  /** + and -; 0: the whole picture. */
  onKey: (event: KeyboardEvent) => void
}

/** Pixels. */
type Place = [number, number]

interface Anchor {
  /** A point of the stage, 0 to 1, and where it has to stay in the container, pixels. */
  share: [number, number]
  at: Place
  /** Whether the page scrolls by what the container cannot: it grows with the picture until it is as high as it may be. */
  movesPage: boolean
}

export function useZoom(): Zoom {
  const scroller = useRef<HTMLDivElement | null>(null)
  const [zoom, setZoom] = useState(LEAST_ZOOM)
  const anchor = useRef<Anchor | null>(null)
  const now = useRef(zoom)
  now.current = zoom

  /** `at`: in the window; else the middle of what is seen. What was at `before` is there then. */
  const zoomTo = (wanted: number, at?: Place, before: Place | undefined = at) => {
    const element = scroller.current
    if (element) {
      const box = element.getBoundingClientRect()
      const middle: Place = [element.clientWidth / 2, element.clientHeight / 2]
      const within = (place?: Place): Place => (place ? [place[0] - box.left, place[1] - box.top] : middle)
      const [x, y] = within(before)
      anchor.current = { share: [(element.scrollLeft + x) / element.scrollWidth, (element.scrollTop + y) / element.scrollHeight], at: within(at), movesPage: at !== undefined }
    }
    const next = limitedZoom(wanted)
    if (next === now.current) settle() // nothing is drawn anew
    else setZoom(next)
  }
  const settle = () => {
    const [element, kept] = [scroller.current, anchor.current]
    anchor.current = null
    if (!element || !kept) return
    element.scrollLeft = kept.share[0] * element.scrollWidth - kept.at[0]
    const top = kept.share[1] * element.scrollHeight - kept.at[1]
    element.scrollTop = top
    if (kept.movesPage) scrollBy({ top: top - element.scrollTop, behavior: 'instant' })
  }
  useLayoutEffect(settle, [zoom])
  useEffect(() => {
    const element = scroller.current
    return element ? listen(element, (by, at, before) => zoomTo(now.current * by, at, before)) : undefined
  }, [scroller.current])

  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === '+' || event.key === '=') zoomTo(zoom * STEP)
    else if (event.key === '-') zoomTo(zoom / STEP)
    else if (event.key === '0') zoomTo(LEAST_ZOOM)
    else return
    event.preventDefault()
  }
  return { zoom, scroller, onKey, zoomIn: () => zoomTo(zoom * STEP), zoomOut: () => zoomTo(zoom / STEP), whole: () => zoomTo(LEAST_ZOOM) }
}

export function limitedZoom(zoom: number): number {
  const within = Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, zoom))
  return within < LEAST_ZOOM * 1.02 ? LEAST_ZOOM : within
}

/** The wheel with Ctrl, which is also what a touchpad sends for two fingers, and two fingers on the picture itself. */
function listen(element: HTMLElement, onZoom: (by: number, at: Place, before?: Place) => void): () => void {
  let apart = 0
  let middle: Place = [0, 0]
  const wheel = (event: WheelEvent) => {
    if (!event.ctrlKey && !event.metaKey) return
    event.preventDefault()
    onZoom(Math.exp(-event.deltaY / WHEEL_PX), [event.clientX, event.clientY])
  }
  const start = (event: TouchEvent) => {
    apart = distance(event)
    middle = middleOf(event)
  }
  const move = (event: TouchEvent) => {
    const next = distance(event)
    if (apart === 0 || next === 0) return
    event.preventDefault()
    const at = middleOf(event)
    onZoom(next / apart, at, event.cancelable ? middle : at) // else the browser moves the picture itself
    apart = next
    middle = at
  }
  const stop = new AbortController()
  element.addEventListener('wheel', wheel, { passive: false, signal: stop.signal })
  element.addEventListener('touchstart', start, { passive: true, signal: stop.signal })
  element.addEventListener('touchmove', move, { passive: false, signal: stop.signal })
  return () => stop.abort()
}

function middleOf({ touches }: TouchEvent): Place {
  const fingers = Array.from(touches)
  const mean = (of: (finger: Touch) => number) => fingers.reduce((sum, finger) => sum + of(finger), 0) / Math.max(1, fingers.length)
  return [mean(({ clientX }) => clientX), mean(({ clientY }) => clientY)]
}

/** Between two fingers; 0: there are not two. */
function distance({ touches }: TouchEvent): number {
  const [one, other] = [touches[0], touches[1]]
  return touches.length === 2 && one && other ? Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) : 0
}
