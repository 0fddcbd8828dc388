// Where labels on a picture are put so that none lies on another. Pure.
import type { Size } from './parts/geometry'

export interface Label {
  left: number
  top: number
  width: number
  height: number
}

/** By how many of its heights a label is moved, down or up, until it is free: the nearest first. */
const ROWS = [0, 1, -1, 2, -2, 3, -3]

/** Each as near as can be to where it was meant, inside the picture; where there is no room it stays. */
export function apart(labels: readonly Label[], size: Size): Label[] {
  const placed: Label[] = []
  for (const each of labels) placed.push(freePlace(inside(each, size), placed, size))
  return placed
}

function freePlace(label: Label, placed: readonly Label[], size: Size): Label {
  const places = ROWS.map((rows) => ({ ...label, top: label.top + rows * label.height }))
  const isFree = (place: Label) => place.top >= 0 && place.top + place.height <= size.height && !placed.some((other) => overlap(place, other))
  return places.find(isFree) ?? label
}

function overlap(one: Label, other: Label): boolean {
  return Math.abs(one.left - other.left + (one.width - other.width) / 2) * 2 < one.width + other.width && Math.abs(one.top - other.top) < one.height
}

function inside(label: Label, { width, height }: Size): Label {
  const within = (at: number, length: number, all: number) => Math.max(0, Math.min(at, all - length))
  return { ...label, left: within(label.left, label.width, width), top: within(label.top, label.height, height) }
}
