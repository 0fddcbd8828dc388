// The score of a camera's view in a manager's words, and its history as a line. Pure.
import type { DayScore, ScorePart } from './client'
import { T } from './texts'

const W = T.score

/** How bad a part is. */
export type Grade = 'unknown' | 'bad' | 'fair' | 'good'

export function gradeOf(score: number | null): Grade {
  if (score === null) return 'unknown'
  return score < 50 ? 'bad' : score < 80 ? 'fair' : 'good'
}

export function partName({ name }: Pick<ScorePart, 'name'>): string {
  return W.parts[name] ?? name
}

/** A sentence of the API, with what the page has for the commands that it names. */
export function pageSentence(sentence: string): string {
  return Object.entries(W.instead).reduce((text, [command, words]) => text.replace(command, words), sentence)
}

/** What pulls it down first; what is not known last. */
export function worstFirst(parts: readonly ScorePart[]): ScorePart[] {
  return [...parts].sort((one, other) => (one.score ?? 101) - (other.score ?? 101))
}

const DAY_MS = 86_400_000

/** Days in their order, each with its place from 0 to 1 and its score: where a night is missing the line goes on. */
export function nightsOf(days: readonly DayScore[]): { day: string; at: number; score: number }[] {
  const known = days.flatMap(({ day, total }) => (total === null ? [] : [{ day, time: Date.parse(day), score: total }])).sort((one, other) => one.time - other.time)
  const [first, last] = [known[0]?.time ?? 0, known.at(-1)?.time ?? 0]
  return known.map(({ day, time, score }) => ({ day, score, at: (time - first) / Math.max(last - first, DAY_MS) }))
}
