// The pictures of a run in groups of time, so that a long one can be overseen. Pure.
import type { Frame } from './client'

/** Lengths of a group in ms, as people read a clock. */
const STEPS = [1000, 10_000, 60_000, 300_000, 900_000, 3_600_000]
/** A group is drawn as a whole: it has about so many pictures at most. */
const MOST_IN_GROUP = 60
/** So many moments can be chosen at most. */
const MOST_MOMENTS = 240

export interface Group {
  /** Media time at which it begins, in ms. */
  from: number
  /** Index of its first frame, and of the first after it. */
  start: number
  end: number
}

/** The longest step by which a group has no more pictures than are drawn, from how close they are to each other. */
export function stepOf(frames: readonly Frame[]): number {
  const [first, last] = [frames[0], frames.at(-1)]
  if (!first || !last || frames.length < 2) return 60_000
  const every = (last.media_ms - first.media_ms) / (frames.length - 1)
  return STEPS.findLast((step) => step <= MOST_IN_GROUP * every) ?? 1000
}

/** In order, without those that have no pictures; `frames` are in media order. */
export function groupsOf(frames: readonly Frame[], step: number): Group[] {
  const groups: Group[] = []
  frames.forEach(({ media_ms }, index) => {
    const from = Math.floor(media_ms / step) * step
    const newest = groups.at(-1)
    if (newest?.from === from) newest.end = index + 1
    else groups.push({ from, start: index, end: index + 1 })
  })
  return groups
}

/** Media times in ms that can be jumped to: of a run of `length` ms, by the minute or as far apart as it takes. */
export function momentsOf(length: number): number[] {
  const step = STEPS.find((each) => each >= 60_000 && length / each <= MOST_MOMENTS) ?? 3_600_000
  return [...Array(Math.ceil(length / step)).keys()].map((at) => at * step)
}
