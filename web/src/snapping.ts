// Corners that catch at what is drawn beside them. Pure. Points are relative; distances in pixels of the screen.
import type { Point } from './client'
import type { Drawing } from './drawing'

const NEAR_PX = 10

/** How large the picture is on the screen. */
export interface Screen {
  width: number
  height: number
}

/** The nearest corner of another outline, else the nearest point of a side, if one is near; else the point itself. */
export function snapped(point: Point, drawing: Drawing, key: string | null, screen: Screen): Point {
  const outlines = drawing.filter((each) => each.key !== key).map(({ polygon }) => polygon)
  const sides = () => outlines.flatMap((outline) => outline.map((from, at) => nearestOn(point, from, outline[(at + 1) % outline.length] ?? from, screen)))
  return nearest(point, outlines.flat(), screen) ?? nearest(point, sides(), screen) ?? point
}

function nearest(point: Point, candidates: readonly Point[], screen: Screen): Point | null {
  const [found] = candidates.map((each) => ({ each, away: away(point, each, screen) })).sort((one, other) => one.away - other.away)
  return found && found.away <= NEAR_PX ? found.each : null
}

function away([x1, y1]: Point, [x2, y2]: Point, { width, height }: Screen): number {
  return Math.hypot((x1 - x2) * width, (y1 - y2) * height)
}

function nearestOn([x, y]: Point, [x1, y1]: Point, [x2, y2]: Point, { width, height }: Screen): Point {
  const [dx, dy] = [(x2 - x1) * width, (y2 - y1) * height]
  const length = dx * dx + dy * dy
  const share = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - x1) * width * dx + (y - y1) * height * dy) / length))
  return [x1 + (x2 - x1) * share, y1 + (y2 - y1) * share]
}
