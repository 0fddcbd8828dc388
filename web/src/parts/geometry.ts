// Relative outlines (0 to 1, y down) in the pixels of a picture. Pure.
import type { Point } from '../client'

export interface Size {
  width: number
  height: number
}

type Box = readonly [number, number, number, number]

/** Of the picture around a table, so much more on each side. */
const MARGIN = 0.15

/** The part of a picture that has an outline and all boxes, with a margin: x, y, width and height in pixels. */
export function cropOf(outline: readonly Point[], boxes: readonly Box[], { width, height }: Size): Box {
  const corners: readonly Point[] = [...outline, ...boxes.flatMap(([left, top, right, bottom]): Point[] => [[left, top], [right, bottom]])]
  const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)]
  const [left, right] = widened(Math.min(...xs), Math.max(...xs))
  const [top, bottom] = widened(Math.min(...ys), Math.max(...ys))
  return [left * width, top * height, (right - left) * width, (bottom - top) * height].map(Math.round) as unknown as Box
}

function widened(from: number, to: number): [number, number] {
  const margin = (to - from) * MARGIN
  return [Math.max(0, from - margin), Math.min(1, to + margin)]
}

/** The attribute `points` of a polygon. */
export function pointsOf(outline: readonly Point[], { width, height }: Size): string {
  return outline.map(([x, y]) => `${x * width},${y * height}`).join(' ')
}
