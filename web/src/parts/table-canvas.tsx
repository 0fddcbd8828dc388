// The picture that tables and areas are drawn on. Outlines are SVG; the corners of the chosen one are buttons, so that a finger
// finds them and the keyboard moves them.
import { useRef } from 'preact/hooks'
import type { Point, Seen } from '../client'
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
  /** A drag begins, and goes on; `from` is where it began. */
  onBegin: () => void
  onCorner: (corner: number, to: Point) => void
  onMove: (by: Point) => void
  /** One step, by the keyboard or a click. */
  onStep: (corner: number, to: Point) => void
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
  const height = Math.round((WIDTH * size.height) / size.width)
  const drawn = { width: WIDTH, height }
  const pointOf = (event: PointerEvent | MouseEvent): Point => {
    const box = stage.current?.getBoundingClientRect()
    if (!box || box.width === 0) return [0, 0]
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]
  }
  /** Where a corner is put: it catches at what is beside it, unless Alt is held. */
  const caughtOf = (event: PointerEvent | MouseEvent): Point => {
    const box = stage.current?.getBoundingClientRect()
    return event.altKey || !box ? pointOf(event) : snapped(pointOf(event), drawing, sketch === null ? chosen : null, box)
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
        <div class="stage canvas" ref={stage} data-drawing={sketch !== null} style={{ aspectRatio: `${size.width} / ${size.height}`, '--near': `${near}cqw`, '--zoom': zoom.zoom }}>
          <img src={url} alt="" draggable={false} />
          <svg role="img" aria-label={name} preserveAspectRatio="none" viewBox={`0 0 ${WIDTH} ${height}`} onClick={press}>
            {shown.map((each) => (
              <Shape key={each.key} region={each} name={regionName(drawing, each)} size={drawn} chosen={each.key === chosen} part={part} wrong={each.key === wrong} warned={warned.has(each.key)} still={sketch !== null} pointOf={pointOf} canvas={props} />
            ))}
            {props.suggestions.map(({ at, table }) => <Suggested key={at} polygon={table.polygon} label={table.label} size={drawn} />)}
            <SeenPeople seen={seen} nameOf={nameOf} size={drawn} />
            {sketch && <polyline class="sketch" points={pointsOf(sketch, drawn)} vector-effect="non-scaling-stroke" />}
          </svg>
          {sketch?.map(([x, y], at) => <span key={at} class="spot-corner" style={{ left: `${x * 100}%`, top: `${y * 100}%` }} />)}
          {sketch === null && region && corners.map((point, corner) => (
            <Corner key={corner} number={corner} point={point} name={part === 'top' ? W.topOf(regionName(drawing, region)) : regionName(drawing, region)} pointOf={caughtOf} canvas={props} />
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
  pointOf: (event: PointerEvent | MouseEvent) => Point
  canvas: CanvasProps
}

function Shape({ region, name, size, chosen, part, wrong, warned, still, pointOf, canvas }: ShapeProps) {
  const outline = chosen ? outlineOf(region, part) : region.polygon
  const last = useRef<Point | null>(null)
  const moved = useRef(false)
  const [xs, ys] = [region.polygon.map(([x]) => x), region.polygon.map(([, y]) => y)]
  const down = (event: PointerEvent) => {
    if (still) return
    if (!chosen) return canvas.onChoose(region.key)
    last.current = pointOf(event)
    moved.current = false
    ;(event.currentTarget as Element).setPointerCapture(event.pointerId)
  }
  const move = (event: PointerEvent) => {
    if (last.current === null) return
    const at = pointOf(event)
    const by: Point = [at[0] - last.current[0], at[1] - last.current[1]]
    if (!moved.current && Math.hypot(...by) < STEP) return
    if (!moved.current) canvas.onBegin()
    moved.current = true
    last.current = at
    canvas.onMove(by)
  }
  const up = () => (last.current = null)
  const add = (event: MouseEvent) => {
    if (moved.current) return
    const at = pointOf(event)
    canvas.onAdd(sideNear(outline, at), at)
  }
  return (
    <g class="drawn" data-kind={region.kind} data-chosen={chosen} data-wrong={wrong} data-warned={warned}>
      <polygon class="zone" points={pointsOf(region.polygon, size)} vector-effect="non-scaling-stroke" onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={up} />
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
  pointOf: (event: PointerEvent) => Point
  canvas: CanvasProps
}

function Corner({ number, point: [x, y], name, pointOf, canvas }: CornerProps) {
  const dragging = useRef(false)
  const begun = useRef(false)
  const down = (event: PointerEvent) => {
    dragging.current = true
    begun.current = false
    ;(event.currentTarget as Element).setPointerCapture(event.pointerId)
  }
  const move = (event: PointerEvent) => {
    if (!dragging.current) return
    if (!begun.current) canvas.onBegin()
    begun.current = true
    canvas.onCorner(number, pointOf(event))
  }
  const up = () => (dragging.current = false)
  const key = (event: KeyboardEvent) => {
    const arrow = ARROWS[event.key]
    const step = event.shiftKey ? BIG_STEP : STEP
    if (arrow) canvas.onStep(number, [x + arrow[0] * step, y + arrow[1] * step])
    else if (event.key === 'Delete' || event.key === 'Backspace') canvas.onRemove(number)
    else if (event.key === 'Enter' || event.key === 'Insert') canvas.onAdd(number)
    else return
    event.preventDefault()
  }
  const percent = (value: number) => Math.round(value * 100)
  return (
    <button
      type="button"
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
