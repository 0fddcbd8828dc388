// How far the tables of a camera were moved in its picture, and how exactly that is known. Pure.
import type { Layout, Point } from './client'

/** Two pictures, one after the other, have to give the same corners to within so many pixels of a picture so wide. */
const SAME_PX = 12
const REFERENCE_PX = 1920

/** Median distance between the corners of tables, in pixels. `transform`: a homography row by row, of relative positions. */
export function moveOf({ reference: { width, height }, tables }: Pick<Layout, 'reference' | 'tables'>, transform: readonly number[]): number {
  const distances = tables.flatMap(({ polygon }) =>
    polygon.map(([x, y]) => {
      const [toX, toY] = moved(transform, [x, y])
      return Math.hypot((toX - x) * width, (toY - y) * height)
    }),
  )
  return Math.round(median(distances))
}

/** In pixels of a picture so wide. */
export function precisionOf(width: number): number {
  return Math.max(1, Math.round((SAME_PX * width) / REFERENCE_PX))
}

function moved([a = 1, b = 0, c = 0, d = 0, e = 1, f = 0, g = 0, h = 0, i = 1]: readonly number[], [x, y]: Point): Point {
  const depth = g * x + h * y + i
  return [(a * x + b * y + c) / depth, (d * x + e * y + f) / depth]
}

function median(values: number[]): number {
  const sorted = [...values].sort((one, two) => one - two)
  const half = sorted.length / 2
  return sorted.length === 0 ? 0 : ((sorted[Math.ceil(half) - 1] ?? 0) + (sorted[Math.floor(half)] ?? 0)) / 2
}
