// Tables on the plan of a site, in squares of a grid from its upper left corner. Pure.
import type { PlannedTable } from './client'

export const MOST_SQUARES = 100
/** Across, of tables that nobody has put anywhere, and at least. */
const ACROSS = 6

export type Square = Pick<PlannedTable, 'x' | 'y'>

/** A place for each table: where somebody put it, else where there is room. */
export function arranged(tableIds: readonly string[], places: readonly PlannedTable[]): PlannedTable[] {
  const saved = new Map(places.map((place) => [place.table_id, place]))
  const taken = new Set<string>()
  const take = (place: PlannedTable) => {
    taken.add(name(place))
    return place
  }
  const put = tableIds.flatMap((id) => {
    const place = saved.get(id)
    return place && !taken.has(name(place)) ? [take(place)] : []
  })
  const known = new Set(put.map(({ table_id }) => table_id))
  return [...put, ...tableIds.filter((id) => !known.has(id)).map((table_id) => take({ table_id, ...firstFree(taken) }))]
}

/** Moved to a square, as far as the grid goes; who stands there changes places with it. */
export function movedTo(places: readonly PlannedTable[], tableId: string, to: Square): PlannedTable[] {
  const from = places.find(({ table_id }) => table_id === tableId)
  const at = { x: within(to.x), y: within(to.y) }
  if (!from || name(from) === name(at)) return [...places]
  return places.map((place) => {
    if (place.table_id === tableId) return { ...place, ...at }
    return name(place) === name(at) ? { ...place, x: from.x, y: from.y } : place
  })
}

/** Squares across and down; with `room` there is one more to move to. */
export function sizeOf(places: readonly Square[], room: boolean): Square {
  const more = room ? 2 : 1
  const [x, y] = [Math.max(0, ...places.map(({ x }) => x)), Math.max(0, ...places.map(({ y }) => y))]
  return { x: Math.min(MOST_SQUARES, Math.max(ACROSS, x + more)), y: Math.min(MOST_SQUARES, y + more) }
}

function firstFree(taken: ReadonlySet<string>): Square {
  for (let at = 0; ; at += 1) {
    const square = { x: at % ACROSS, y: Math.floor(at / ACROSS) }
    if (!taken.has(name(square))) return square
  }
}

function name({ x, y }: Square): string {
  return `${x}/${y}`
}

function within(value: number): number {
  return Math.min(MOST_SQUARES - 1, Math.max(0, Math.round(value)))
}
