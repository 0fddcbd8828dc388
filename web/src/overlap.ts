// How much of an outline lies in another one: of their convex hulls, as the API measures it. Pure.
import type { Point } from './client'

/** Share of `one` that lies in `other`, 0 to 1. */
export function shareInside(one: readonly Point[], other: readonly Point[]): number {
  const [inner, outer] = [hullOf(one), hullOf(other)]
  const area = areaOf(inner)
  return area === 0 ? 0 : areaOf(clipped(inner, outer)) / area
}

/** Of the smaller of two what lies in the other, 0 to 1. */
export function shareOfSmaller(one: readonly Point[], other: readonly Point[]): number {
  return Math.max(shareInside(one, other), shareInside(other, one))
}

/** By the shoelace formula, in shares of the picture. */
export function areaOf(outline: readonly Point[]): number {
  const sum = outline.reduce((found, [x, y], at) => {
    const [nextX, nextY] = outline[(at + 1) % outline.length] ?? [x, y]
    return found + x * nextY - nextX * y
  }, 0)
  return Math.abs(sum) / 2
}

/** The convex hull by Andrew's monotone chain: each corner turns the same way. */
function hullOf(outline: readonly Point[]): Point[] {
  const points = [...outline].sort(([x1, y1], [x2, y2]) => x1 - x2 || y1 - y2)
  return [...chain(points), ...chain(points.reverse())]
}

function chain(points: readonly Point[]): Point[] {
  const kept: Point[] = []
  for (const point of points) {
    while (kept.length > 1 && turn(kept.at(-2)!, kept.at(-1)!, point) <= 0) kept.pop()
    kept.push(point)
  }
  return kept.slice(0, -1)
}

/** What two convex outlines have in common, by Sutherland and Hodgman: cut along each side of the other. */
function clipped(subject: readonly Point[], by: readonly Point[]): Point[] {
  return by.reduce<Point[]>((left, from, at) => cut(left, from, by[(at + 1) % by.length]!), [...subject])
}

function cut(outline: readonly Point[], from: Point, to: Point): Point[] {
  return outline.flatMap((point, at): Point[] => {
    const next = outline[(at + 1) % outline.length]!
    const [here, there] = [turn(from, to, point), turn(from, to, next)]
    const kept: Point[] = here >= 0 ? [point] : []
    return here * there < 0 ? [...kept, between(point, next, here / (here - there))] : kept
  })
}

function between([x1, y1]: Point, [x2, y2]: Point, share: number): Point {
  return [x1 + (x2 - x1) * share, y1 + (y2 - y1) * share]
}

function turn([x1, y1]: Point, [x2, y2]: Point, [x3, y3]: Point): number {
  return (x2 - x1) * (y3 - y1) - (y2 - y1) * (x3 - x1)
}
