// A picture with what lies over it: outlines of tables coloured by state, who was seen, and hazards. Plain SVG, so that
// tests, the keyboard and screen readers see it.
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import type { Point, Seen } from '../client'
import { tone } from '../format'
import { apart, type Label } from '../labels'
import { pointsOf, type Size } from './geometry'

/** Width of the overlay in its own units: outlines are relative, text needs a size. */
const WIDTH = 1600
/** Of a letter, on average. */
const LETTER = 15
const LABEL_HEIGHT = 40
/** Of a label; who wants all of a long name finds it beside the picture. */
const MOST_LETTERS = 32
const MOST_SHORT = 6

export interface Outline {
  id: string
  polygon: readonly Point[]
  state: string
  text: string
  /** Instead of `text` where there is little room. */
  short?: string
}

export interface Spot {
  id: string
  box: readonly number[]
  text: string
}

interface Shown {
  /** Of the picture, for its shape before it is loaded. */
  size: Size
  frameId: string | null
  url: string | null
  alt: string
  tables?: readonly Outline[]
  spots?: readonly Spot[]
  seen?: readonly Seen[]
  /** Instead of a picture. */
  children?: ComponentChildren
}

export function Picture({ size, frameId, url, alt, tables = [], spots = [], seen = [], children }: Shown) {
  const height = Math.round((WIDTH * size.height) / size.width)
  const drawn = { width: WIDTH, height }
  const labels = apart(tables.map((table) => labelOf(table, drawn)), drawn)
  return (
    <div class="stage" style={{ aspectRatio: `${size.width} / ${size.height}` }}>
      {url !== null && <Frame key={frameId} url={url} />}
      <svg role="img" aria-label={alt} preserveAspectRatio="none" viewBox={`0 0 ${WIDTH} ${height}`}>
        {tables.map((table) => <TableShape key={table.id} {...table} size={drawn} />)}
        {seen.map((each, index) => <SeenShape key={index} {...each} size={drawn} />)}
        {spots.map((spot) => <SpotShape key={spot.id} {...spot} size={drawn} />)}
        {tables.map((table, at) => <TableLabel key={table.id} {...table} label={labels[at]} size={drawn} />)}
      </svg>
      {url === null && <p class="empty">{children}</p>}
    </div>
  )
}

/**
 * The link of a frame is new in each answer, the picture behind it is the same: the first link stays. Drawn at once where
 * it is loaded: decoded beside the drawing it would be black for a moment.
 */
function Frame({ url }: { url: string }) {
  const [src, setSrc] = useState<string | undefined>(url)
  return <img src={src} alt="" decoding="sync" onError={() => setSrc(undefined)} />
}

function TableShape({ polygon, state, size }: Outline & { size: Size }) {
  return (
    <g class="table" data-state={tone(state)}>
      <polygon points={pointsOf(polygon, size)} vector-effect="non-scaling-stroke" />
    </g>
  )
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text
}

/** In the middle of an outline. */
function labelOf({ polygon, text }: Outline, size: Size): Label {
  const [x, y] = middleOf(polygon, size)
  const width = cut(text, MOST_LETTERS).length * LETTER + 24
  return { left: x - width / 2, top: y - 22, width, height: LABEL_HEIGHT }
}

function middleOf(polygon: readonly Point[], size: Size): Point {
  const [xs, ys] = [polygon.map(([x]) => x), polygon.map(([, y]) => y)]
  return [((Math.min(...xs) + Math.max(...xs)) / 2) * size.width, ((Math.min(...ys) + Math.max(...ys)) / 2) * size.height]
}

/** Above who is seen: lines across it would make it hard to read. */
function TableLabel({ polygon, state, text, short, label, size }: Outline & { label: Label | undefined; size: Size }) {
  const [x, y] = middleOf(polygon, size)
  return (
    <g class="table" data-state={tone(state)}>
      {label && (
        <g class="label">
          <rect rx={8} x={label.left} y={label.top} width={label.width} height={label.height} />
          <text text-anchor="middle" x={label.left + label.width / 2} y={label.top + 28}>{cut(text, MOST_LETTERS)}</text>
        </g>
      )}
      {short && <text class="short" text-anchor="middle" x={x} y={y + 20}>{cut(short, MOST_SHORT)}</text>}
    </g>
  )
}

function SeenShape({ label, box: [left, top, right, bottom], doubtful, ignored, size }: Seen & { size: Size }) {
  return (
    <rect
      class={label === 'person' ? 'who' : 'what'}
      data-doubtful={doubtful}
      data-ignored={(ignored ?? null) !== null}
      x={left * size.width}
      y={top * size.height}
      width={(right - left) * size.width}
      height={(bottom - top) * size.height}
      vector-effect="non-scaling-stroke"
    />
  )
}

function SpotShape({ box, text, size }: Spot & { size: Size }) {
  const [left = 0, top = 0, right = 0, bottom = 0] = box
  const [x, y] = [left * size.width, top * size.height]
  return (
    <g class="spot">
      <rect x={x} y={y} width={(right - left) * size.width} height={(bottom - top) * size.height} vector-effect="non-scaling-stroke" />
      <text x={x} y={y - 10}>{text}</text>
    </g>
  )
}
