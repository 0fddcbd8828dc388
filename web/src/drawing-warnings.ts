// What may be wrong with tables while they are drawn, by the measures of the API (layout_warnings.py, score.py). Pure.
import { regionName, type Drawing, type Region } from './drawing'
import { areaOf, shareInside } from './overlap'
import { T } from './texts'

/** Pixels: a narrower or lower zone shows nobody. */
const MIN_PIXELS = 24
/** Height of the smallest people that are found, in widths of the picture. */
const SMALLEST_PERSON = 25 / 832
/** Times the table's top. */
const LEAST_ZONE = 1.5
/** Share of a zone in another one; what zones that were drawn with care share. */
const MOST_SHARED = 0.3
/** Shares that differ by less are the same. */
const ALIKE = 1e-6

export interface DrawingWarning {
  key: string
  text: string
}

/** In the order of the tables; of two that overlap, one at the one of which more is inside the other. */
export function warningsOf(drawing: Drawing, size: { width: number; height: number }): DrawingWarning[] {
  const tables = drawing.filter(({ kind }) => kind === 'table')
  const name = (table: Region) => regionName(drawing, table)
  return tables.flatMap((table, at) => {
    const shape = shapeWarning(table, size)
    const over = tables.slice(at + 1).flatMap((other) => overlapWarning(table, other, name))
    return [...(shape ? [{ key: table.key, text: T.editor.warnings[shape](name(table)) }] : []), ...over]
  })
}

function shapeWarning({ polygon, top }: Region, { width, height }: { width: number; height: number }): 'small' | 'top' | null {
  const [wide, high] = [0, 1].map((axis) => Math.max(...polygon.map((point) => point[axis] ?? 0)) - Math.min(...polygon.map((point) => point[axis] ?? 0))) as [number, number]
  if (wide * width < MIN_PIXELS || high * height < Math.max(MIN_PIXELS, SMALLEST_PERSON * width)) return 'small'
  return top !== null && areaOf(polygon) < LEAST_ZONE * areaOf(top) ? 'top' : null
}

function overlapWarning(one: Region, other: Region, name: (table: Region) => string): DrawingWarning[] {
  const [ofOne, ofOther] = [shareInside(one.polygon, other.polygon), shareInside(other.polygon, one.polygon)]
  const [inner, outer, share] = ofOne > ofOther - ALIKE ? [one, other, ofOne] : [other, one, ofOther]
  return share > MOST_SHARED ? [{ key: inner.key, text: T.editor.warnings.overlap(name(inner), name(outer), Math.round(share * 100)) }] : []
}
