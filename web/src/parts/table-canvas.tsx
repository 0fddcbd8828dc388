// The picture that tables and areas are drawn on. Outlines are SVG; the corners of the chosen one are buttons, so that a finger
// finds them and the keyboard moves them.
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { Point, Seen } from '../client'
import { Dragging } from '../dragging'
import { leastDistance, outlineOf, regionName, sideNear, type Drawing, type Kind, type Part, type Region } from '../drawing'
import { snapped } from '../snapping'
import { T } from '../texts'
import { LEAST_ZOOM, MOST_ZOOM, useZoom, type Zoom } from '../zoom'
import { pointsOf, type Size } from './geometry'
import { SeenPeople } from './seen-people'
import type { OpenSuggestion } from './suggestions'

const W = T.editor
const WIDTH = 1600
const STEP = 0.004
const BIG_STEP = 0.02
const ARROWS: Record<string, Point> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }

interface CanvasProps {
  size: Size
  url: string
  drawing: Drawing
  /** Who is in the picture, and what the tables are called that have them. */
  seen: readonly Seen[]
  nameOf: (tableId: string) => string
  chosen: string | null
  /** The outline of the chosen one whose corners are shown. */
  part: Part
  /** Corners of what is being drawn; null: nothing is. */
  sketch: readonly Point[] | null
  /** Tables that are suggested and not decided on. */
  suggestions: readonly OpenSuggestion[]
  /** Key of what cannot be saved so. */
  wrong: string | null
  /** Keys of what may be wrong. */
  warned: ReadonlySet<string>
  onSketch: (point: Point) => void
  onChoose: (key: string) => void
  /** A drag begins, goes on, or was none after all. */
  onBegin: () => void
  onBack: () => void
  onCorner: (corner: number, to: Point) => void
  onMove: (by: Point) => void
  /** One step, by the keyboard or a click. */
  onStep: (corner: number, by: Point) => void
  onAdd: (corner: number, at?: Point) => void
  onRemove: (corner: number) => void
  onFocus: (corner: number) => void
}

/** Tables lie on top: the floor is below most of them. */
const ORDER: readonly Kind[] = ['floor', 'ignore', 'table']

export function TableCanvas(props: CanvasProps) {
  const { size, url, drawing, seen, nameOf, chosen, part, sketch, wrong, warned } = props
  const stage = useRef<HTMLDivElement>(null)
  const zoom = useZoom()
  const [dragging] = useState(() => new Dragging())
  const height = Math.round((WIDTH * size.height) / size.width)
  const drawn = { width: WIDTH, height }
  const pointOf = (event: PointerEvent | MouseEvent): Point => {
    const box = stage.current?.getBoundingClientRect()
    if (!box || box.width === 0) return [0, 0]
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]
  }
  /** Where a corner is put: it catches at what is beside it, unless Alt is held. `grip`: from the pointer to the corner. */
  const caughtOf = (event: PointerEvent | MouseEvent, grip: Point = [0, 0]): Point => {
    const box = stage.current?.getBoundingClientRect()
    const [x, y] = pointOf(event)
    const at: Point = [x + grip[0], y + grip[1]]
    return event.altKey || !box ? at : snapped(at, drawing, sketch === null ? chosen : null, box)
  }
  const region = drawing.find((each) => each.key === chosen)
  const corners = region ? outlineOf(region, part) : []
  const name = W.picture(drawing.filter(({ kind }) => kind === 'table').length)
  const shown = ORDER.flatMap((kind) => drawing.filter((each) => each.kind === kind))
  const press = (event: MouseEvent) => sketch !== null && props.onSketch(caughtOf(event))
  const near = corners.length > 1 ? leastDistance(corners, size) * 100 : 100
  return (
    <div class="canvas-frame">
      <div class="canvas-scroll" role="group" aria-label={name} tabIndex={0} ref={zoom.scroller} onKeyDown={zoom.onKey}>
        <div class="stage canvas" ref={stage} onPointerDownCapture={() => void (dragging.press() && props.onBack())} data-drawing={sketch !== null} style={{ aspectRatio: `${size.width} / ${size.height}`, '--near': `${near}cqw`, '--zoom': zoom.zoom }}>
          <img src={url} alt="" draggable={false} />
          <svg role="img" aria-label={name} preserveAspectRatio="none" viewBox={`0 0 ${WIDTH} ${height}`} onClick={press}>
            {shown.map((each) => (
              <Shape key={each.key} region={each} name={regionName(drawing, each)} size={drawn} chosen={each.key === chosen} part={part} wrong={each.key === wrong} warned={warned.has(each.key)} still={sketch !== null} dragging={dragging} pointOf={pointOf} canvas={props} />
            ))}
            {props.suggestions.map(({ at, table }) => <Suggested key={at} polygon={table.polygon} label={table.label} size={drawn} />)}
            <SeenPeople seen={seen} nameOf={nameOf} size={drawn} />
            {sketch && <polyline class="sketch" points={pointsOf(sketch, drawn)} vector-effect="non-scaling-stroke" />}
          </svg>
          {sketch?.map(([x, y], at) => <span key={at} class="spot-corner" style={{ left: `${x * 100}%`, top: `${y * 100}%` }} />)}
          {sketch === null && region && corners.map((point, corner) => (
            <Corner key={corner} number={corner} point={point} name={part === 'top' ? W.topOf(regionName(drawing, region)) : regionName(drawing, region)} dragging={dragging} pointOf={pointOf} caughtOf={caughtOf} canvas={props} />
          ))}
        </div>
      </div>
      <ZoomButtons zoom={zoom} />
    </div>
  )
}

function ZoomButtons({ zoom: { zoom, zoomIn, zoomOut, whole } }: { zoom: Zoom }) {
  return (
    <div class="zoom" role="group" aria-label={W.zoom}>
      <button type="button" aria-label={W.zoomOut} disabled={zoom <= LEAST_ZOOM} onClick={zoomOut}>−</button>
      <button type="button" title={W.zoomWhole} aria-label={`${W.zoomWhole}, ${W.zoomNow(zoom)}`} onClick={whole}>{W.zoomNow(zoom)}</button>
      <button type="button" aria-label={W.zoomIn} disabled={zoom >= MOST_ZOOM} onClick={zoomIn}>+</button>
    </div>
  )
}

interface ShapeProps {
  region: Region
  name: string
  size: Size
  chosen: boolean
  part: Part
  wrong: boolean
  warned: boolean
  /** Whether it does not answer to the pointer. */
  still: boolean
  dragging: Dragging
  pointOf: (event: PointerEvent | MouseEvent) => Point
  canvas: CanvasProps
}

function Shape({ region, name, size, chosen, part, wrong, warned, still, dragging, pointOf, canvas }: ShapeProps) {
  const outline = chosen ? outlineOf(region, part) : region.polygon
  const last = useRef<Point>([0, 0])
  const [xs, ys] = [region.polygon.map(([x]) => x), region.polygon.map(([, y]) => y)]
  const down = (event: PointerEvent) => {
    if (still || !event.isPrimary) return
    if (!chosen) return canvas.onChoose(region.key)
    last.current = pointOf(event)
    dragging.hold(event)
    ;(event.currentTarget as Element).setPointerCapture(event.pointerId)
  }
  const move = (event: PointerEvent) => {
    const drag = dragging.move(event)
    if (drag === 'not') return
    if (drag === 'begins') canvas.onBegin()
    const at = pointOf(event)
    canvas.onMove([at[0] - last.current[0], at[1] - last.current[1]])
    last.current = at
  }
  const up = (event: PointerEvent) => dragging.release(event)
  /** Chromium begins to pan over an outline whatever its touch-action is, and cancels the pointer. */
  const keep = (event: TouchEvent) => dragging.holds && event.cancelable && event.preventDefault()
  const add = (event: MouseEvent) => {
    if (dragging.moved) return
    const at = pointOf(event)
    canvas.onAdd(sideNear(outline, at), at)
  }
  return (
    <g class="drawn" data-kind={region.kind} data-chosen={chosen} data-wrong={wrong} data-warned={warned}>
      <polygon class="zone" points={pointsOf(region.polygon, size)} vector-effect="non-scaling-stroke" onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={up} onTouchMove={keep} />
      {region.top && <polygon class="top" data-shown={chosen && part === 'top'} points={pointsOf(region.top, size)} vector-effect="non-scaling-stroke" />}
      {chosen && !still && <polygon class="sides" points={pointsOf(outline, size)} vector-effect="non-scaling-stroke" onClick={add} />}
      <text text-anchor="middle" x={((Math.min(...xs) + Math.max(...xs)) / 2) * size.width} y={((Math.min(...ys) + Math.max(...ys)) / 2) * size.height + 18}>{region.kind === 'table' ? region.label : name}</text>
    </g>
  )
}

function Suggested({ polygon, label, size }: { polygon: readonly Point[]; label: string; size: Size }) {
  const [xs, ys] = [polygon.map(([x]) => x), polygon.map(([, y]) => y)]
  return (
    <g class="suggested">
      <polygon points={pointsOf(polygon, size)} vector-effect="non-scaling-stroke" />
      <text text-anchor="middle" x={((Math.min(...xs) + Math.max(...xs)) / 2) * size.width} y={((Math.min(...ys) + Math.max(...ys)) / 2) * size.height + 18}>{T.suggest.short(label)}</text>
    </g>
  )
}

interface CornerProps {
  number: number
  point: Point
  name: string
  dragging: Dragging
  pointOf: (event: PointerEvent) => Point
  caughtOf: (event: PointerEvent, grip: Point) => Point
  canvas: CanvasProps
}

function Corner({ number, point: [x, y], name, dragging, pointOf, caughtOf, canvas }: CornerProps) {
  const button = useRef<HTMLButtonElement>(null)
  const grip = useRef<Point>([0, 0])
  const stepped = useRef(false)
  useLayoutEffect(() => {
    if (stepped.current) button.current?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
    stepped.current = false
  }, [x, y])
  const down = (event: PointerEvent) => {
    const at = pointOf(event)
    grip.current = [x - at[0], y - at[1]]
    stepped.current = false
    dragging.hold(event)
    ;(event.currentTarget as Element).setPointerCapture(event.pointerId)
  }
  const move = (event: PointerEvent) => {
    const drag = dragging.move(event)
    if (drag === 'not') return
    if (drag === 'begins') canvas.onBegin()
    canvas.onCorner(number, caughtOf(event, grip.current))
  }
  const up = (event: PointerEvent) => dragging.release(event)
  const key = (event: KeyboardEvent) => {
    const arrow = ARROWS[event.key]
    const step = event.shiftKey ? BIG_STEP : STEP
    if (arrow) canvas.onStep(number, [arrow[0] * step, arrow[1] * step])
    else if (event.key === 'Delete' || event.key === 'Backspace') canvas.onRemove(number)
    else if (event.key === 'Enter' || event.key === 'Insert') canvas.onAdd(number)
    else return
    stepped.current = arrow !== undefined
    event.preventDefault()
  }
  const percent = (value: number) => Math.round(value * 100)
  return (
    <button
      type="button"
      ref={button}
      class="corner"
      style={{ left: `${x * 100}%`, top: `${y * 100}%` }}
      aria-label={W.corner(number + 1, name, percent(x), percent(y))}
      onFocus={() => canvas.onFocus(number)}
      onPointerDown={down}
      onPointerMove={move}
      onPointerUp={up}
      onPointerCancel={up}
      onKeyDown={key}
    />
  )
}
