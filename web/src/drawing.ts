// Tables, floor and ignore areas as they are drawn on a picture, with what was done to them. Pure. Points are relative,
// 0 to 1, y down.
import type { Layout, LayoutTable, NewLayout, Point, SuggestedTable } from './client'
import { tableName } from './format'
import { T } from './texts'

export type Kind = 'table' | 'floor' | 'ignore'
export const KINDS: readonly Kind[] = ['table', 'floor', 'ignore']

/** An outline: of a table, or of an area, which has neither name nor seats. */
export interface Region {
  kind: Kind
  /** In the drawing; a new table has no id before it is saved. */
  key: string
  table_id: string | null
  label: string
  seats: number | null
  section_id: string | null
  polygon: readonly Point[]
  top: readonly Point[] | null
}

/** Which outline of a region: where it is, or of a table its top. */
export type Part = 'polygon' | 'top'

export function outlineOf(region: Region, part: Part): readonly Point[] {
  return (part === 'top' ? region.top : region.polygon) ?? []
}

export type GivenTable = Omit<LayoutTable, 'table_id'> & { table_id?: string }

export type Drawing = readonly Region[]

export interface History {
  past: readonly Drawing[]
  now: Drawing
  future: readonly Drawing[]
  /** What it was before the drag that is under way, or was last. */
  held?: Omit<History, 'held'>
}

const MOST_STEPS = 200
export const LEAST_CORNERS = 3
export const MOST_CORNERS = 100
/** Of a table that is put into the middle. */
const HALF = 0.1
/** From a region to its duplicate. */
const BESIDE = 0.04
/** Of a table's outline, its top to begin with. */
const TOP_SHARE = 0.5

export function drawingOf(layout: Layout | null): Drawing {
  if (layout === null) return []
  const tables = layout.tables.map((table): Region => ({ ...table, kind: 'table', key: table.table_id, section_id: table.section_id ?? null }))
  const areas = (kind: Kind, outlines: readonly Point[][]) => outlines.map((polygon, at) => area(kind, `${kind}-${at}`, polygon))
  return [...tables, ...areas('floor', layout.floor), ...areas('ignore', layout.ignore)]
}

function area(kind: Kind, key: string, polygon: readonly Point[]): Region {
  return { kind, key, table_id: null, label: '', seats: null, section_id: null, polygon, top: null }
}

/** As the API takes it. */
export function layoutOf(drawing: Drawing, reference: Layout['reference']): NewLayout {
  const areas = (kind: Kind) => drawing.filter((each) => each.kind === kind).map(({ polygon }) => polygon.map(rounded))
  return { reference, tables: tablesOf(drawing), floor: areas('floor'), ignore: areas('ignore') }
}

/** A table without an id is a new one. */
export function tablesOf(drawing: Drawing): GivenTable[] {
  return drawing.filter(isTable).map(({ kind: _kind, key: _key, table_id, polygon, top, label, ...more }) => ({
    ...(table_id === null ? {} : { table_id }),
    ...more,
    label: label.trim(),
    polygon: polygon.map(rounded),
    top: top === null ? null : top.map(rounded),
  }))
}

function isTable({ kind }: Region): boolean {
  return kind === 'table'
}

/** What people call it; of an area its place among those of its kind. */
export function regionName(drawing: Drawing, region: Region): string {
  if (region.kind === 'table') return tableName(region.label.trim())
  return T.editor.areas[region.kind].name(drawing.filter(({ kind }) => kind === region.kind).indexOf(region) + 1)
}

/** The one that the API means with a pointer into a layout. */
export function regionAt(drawing: Drawing, pointer: string): Region | null {
  const [, list, at] = /^\/(tables|floor|ignore)\/(\d+)/.exec(pointer) ?? []
  const kind = list === 'tables' ? 'table' : list
  return (at === undefined ? null : drawing.filter((each) => each.kind === kind)[Number(at)]) ?? null
}

export function begun(drawing: Drawing): History {
  return { past: [], now: drawing, future: [] }
}

export function done(history: History, now: Drawing): History {
  return now === history.now ? history : { past: [...history.past, history.now].slice(-MOST_STEPS), now, future: [] }
}

/** A drag begins. Nothing has changed yet: what was undone can still be redone. */
export function dragBegun(history: History): History {
  const { past, now, future } = history
  return { ...history, held: { past, now, future } }
}

/** Of a drag there is one step; none where it is back at where it began. */
export function dragged(history: History, now: Drawing): History {
  const before = history.held ?? history
  if (digestOf(before.now) === digestOf(now)) return { ...before, held: before }
  return { ...done(before, now), held: before }
}

/** A drag that was none after all. */
export function takenBack(history: History): History {
  return history.held ?? history
}

export function undone(history: History): History {
  const before = history.past.at(-1)
  return before ? { past: history.past.slice(0, -1), now: before, future: [history.now, ...history.future] } : history
}

export function redone(history: History): History {
  const [next, ...future] = history.future
  return next ? { past: [...history.past, history.now], now: next, future } : history
}

export function changed(drawing: Drawing, key: string, change: Partial<Region>): Drawing {
  return drawing.map((table) => (table.key === key ? { ...table, ...change } : table))
}

export function withRegion(drawing: Drawing, kind: Kind, key: string, polygon: readonly Point[] = square()): Drawing {
  const added = area(kind, key, polygon.map(inPicture))
  return [...drawing, kind === 'table' ? { ...added, label: nextLabel(drawing) } : added]
}

/** A table as it was suggested; where its name is taken, with another one. */
export function withSuggested(drawing: Drawing, key: string, { label, seats, polygon, top }: SuggestedTable): Drawing {
  const isTaken = drawing.some((each) => isTable(each) && each.label.trim() === label)
  return [...drawing, { ...area('table', key, polygon), label: isTaken ? nextLabel(drawing) : label, seats, top }]
}

/** For a new region. */
export function freshKey(drawing: Drawing): string {
  const taken = new Set(drawing.map(({ key }) => key))
  let number = 0
  while (taken.has(`new-${number}`)) number += 1
  return `new-${number}`
}

export function withoutRegion(drawing: Drawing, key: string): Drawing {
  return drawing.filter((region) => region.key !== key)
}

function square(): Point[] {
  const [from, to] = [0.5 - HALF, 0.5 + HALF]
  return [[from, from], [to, from], [to, to], [from, to]]
}

/** The number after the highest. */
function nextLabel(drawing: Drawing): string {
  return String(Math.max(0, ...drawing.map(({ label }) => (/^\d+$/.test(label.trim()) ? Number(label) : 0))) + 1)
}

/** Where it is, or the top of a table, drawn otherwise. */
function reshaped(drawing: Drawing, key: string, part: Part, reshape: (outline: readonly Point[]) => readonly Point[]): Drawing {
  const region = drawing.find((each) => each.key === key)
  const outline = region ? outlineOf(region, part) : []
  const next = reshape(outline)
  return next === outline ? drawing : changed(drawing, key, { [part]: next })
}

export function withCornerAt(drawing: Drawing, key: string, corner: number, to: Point, part: Part = 'polygon'): Drawing {
  return reshaped(drawing, key, part, (outline) => outline.map((point, at) => (at === corner ? inPicture(to) : point)))
}

export function withCornerMoved(drawing: Drawing, key: string, corner: number, [x, y]: Point, part: Part = 'polygon'): Drawing {
  return reshaped(drawing, key, part, (outline) => outline.map((point, at) => (at === corner ? inPicture([point[0] + x, point[1] + y]) : point)))
}

/** A corner between one and the next: where it is wanted, or in the middle of the side. */
export function withCornerAfter(drawing: Drawing, key: string, corner: number, at?: Point, part: Part = 'polygon'): Drawing {
  return reshaped(drawing, key, part, (outline) => {
    const [one, other] = [outline[corner], outline[(corner + 1) % outline.length]]
    if (!one || !other || outline.length >= MOST_CORNERS) return outline
    const middle: Point = [(one[0] + other[0]) / 2, (one[1] + other[1]) / 2]
    return [...outline.slice(0, corner + 1), inPicture(at ?? middle), ...outline.slice(corner + 1)]
  })
}

export function withoutCorner(drawing: Drawing, key: string, corner: number, part: Part = 'polygon'): Drawing {
  return reshaped(drawing, key, part, (outline) => (outline.length <= LEAST_CORNERS ? outline : outline.filter((_, at) => at !== corner)))
}

/** The whole of it, a table with its top, or its top alone, as far as the picture goes. */
export function movedRegion(drawing: Drawing, key: string, by: Point, part: Part = 'polygon'): Drawing {
  if (part === 'top') return reshaped(drawing, key, 'top', (outline) => movedOutline(outline, limited(outline, by)))
  const region = drawing.find((each) => each.key === key)
  return region ? changed(drawing, key, movedBy(region, by)) : drawing
}

function movedBy({ polygon, top }: Region, by: Point): Pick<Region, 'polygon' | 'top'> {
  const allowed = limited(polygon, by)
  return { polygon: movedOutline(polygon, allowed), top: top && movedOutline(top, allowed) }
}

function movedOutline(outline: readonly Point[], [x, y]: Point): Point[] {
  return outline.map(([left, top]): Point => inPicture([left + x, top + y]))
}

function limited(outline: readonly Point[], [x, y]: Point): Point {
  return [within(x, outline.map((each) => each[0])), within(y, outline.map((each) => each[1]))]
}

/** Another one like it beside it; a table is a new one, with a name of its own. */
export function withDuplicate(drawing: Drawing, key: string, copy: string): Drawing {
  const region = drawing.find((each) => each.key === key)
  if (!region) return drawing
  const isLow = Math.max(...region.polygon.map(([, y]) => y)) + BESIDE > 1
  const by: Point = [Math.max(...region.polygon.map(([x]) => x)) + BESIDE > 1 ? -BESIDE : BESIDE, isLow ? -BESIDE : BESIDE]
  const label = region.kind === 'table' ? nextLabel(drawing) : ''
  return [...drawing, { ...region, ...movedBy(region, by), key: copy, table_id: null, label }]
}

/** A table with a top in the middle of its outline, to be pulled to where it is. */
export function withTop(drawing: Drawing, key: string): Drawing {
  const polygon = drawing.find((each) => each.key === key)?.polygon ?? []
  const [x, y] = [0, 1].map((axis) => polygon.reduce((sum, point) => sum + (point[axis] ?? 0), 0) / polygon.length) as Point
  return changed(drawing, key, { top: polygon.map(([left, top]): Point => [x + (left - x) * TOP_SHARE, y + (top - y) * TOP_SHARE]) })
}

function within(by: number, values: readonly number[]): number {
  return Math.min(1 - Math.max(...values), Math.max(-Math.min(...values), by))
}

function inPicture([x, y]: Point): Point {
  return [Math.min(1, Math.max(0, x)), Math.min(1, Math.max(0, y))]
}

function rounded([x, y]: Point): Point {
  return [Math.round(x * 1e5) / 1e5, Math.round(y * 1e5) / 1e5]
}

/** Differs where tables or areas do; their keys are not in it. FNV-1a, 32 bits. */
export function digestOf(drawing: Drawing): string {
  const text = JSON.stringify(layoutOf(drawing, { width: 1, height: 1 }))
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return (hash >>> 0).toString(16)
}

/** Whether both are the same tables and areas, whatever their ids and keys are. */
export function areAlike(one: Drawing, other: Drawing): boolean {
  return shapesOf(one) === shapesOf(other)
}

function shapesOf(drawing: Drawing): string {
  const shapes = KINDS.flatMap((kind) => drawing.filter((each) => each.kind === kind))
  const corners = (outline: readonly Point[] | null) => outline?.map(rounded) ?? null
  return JSON.stringify(shapes.map(({ kind, label, seats, section_id, polygon, top }) => [kind, label.trim(), seats ?? null, section_id ?? null, corners(polygon), corners(top)]))
}

/** The side that is nearest to a point, by the number of its first corner. */
export function sideNear(polygon: readonly Point[], point: Point): number {
  const distances = polygon.map((one, at) => distanceTo(point, one, polygon[(at + 1) % polygon.length] ?? one))
  return distances.indexOf(Math.min(...distances))
}

/** Between two neighbours among the corners, as a share of the width of the picture. */
export function leastDistance(polygon: readonly Point[], { width, height }: { width: number; height: number }): number {
  const distances = polygon.map(([x, y], at) => {
    const [nextX, nextY] = polygon[(at + 1) % polygon.length] ?? [x, y]
    return Math.hypot(nextX - x, ((nextY - y) * height) / width)
  })
  return Math.min(...distances)
}

function distanceTo([x, y]: Point, [x1, y1]: Point, [x2, y2]: Point): number {
  const [dx, dy] = [x2 - x1, y2 - y1]
  const length = dx * dx + dy * dy
  const share = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - x1) * dx + (y - y1) * dy) / length))
  return Math.hypot(x - x1 - share * dx, y - y1 - share * dy)
}

/** What the API would refuse, by the key of the region. */
export type DrawingFault = { kind: 'nameless' | 'doubled' | 'crossing'; key: string }

export function faultOf(drawing: Drawing): DrawingFault | null {
  const tables = drawing.filter(isTable)
  const labels = tables.map(({ label }) => label.trim())
  const nameless = tables.find((_, at) => labels[at] === '')
  if (nameless) return { kind: 'nameless', key: nameless.key }
  // A new table with the name of another would become that one.
  const doubled = tables.find(({ table_id }, at) => table_id === null && labels.some((label, other) => other !== at && label === labels[at]))
  if (doubled) return { kind: 'doubled', key: doubled.key }
  const crossing = drawing.find(({ polygon, top }) => crossesItself(polygon) || crossesItself(top ?? []))
  return crossing ? { kind: 'crossing', key: crossing.key } : null
}

export function crossesItself(polygon: readonly Point[]): boolean {
  const side = (at: number): [Point, Point] => [polygon[at] ?? [0, 0], polygon[(at + 1) % polygon.length] ?? [0, 0]]
  return polygon.some((_, one) =>
    polygon.some((_each, other) => {
      const apart = Math.abs(one - other)
      return other > one && apart > 1 && apart < polygon.length - 1 && cross(side(one), side(other))
    }),
  )
}

function cross([a, b]: [Point, Point], [c, d]: [Point, Point]): boolean {
  const turn = ([x1, y1]: Point, [x2, y2]: Point, [x3, y3]: Point) => Math.sign((x2 - x1) * (y3 - y1) - (y2 - y1) * (x3 - x1))
  return turn(a, b, c) !== turn(a, b, d) && turn(c, d, a) !== turn(c, d, b)
}
