// Opening hours: as people type them, as the API has them, and what is wrong with them. Pure.
import type { OpeningHours, Weekday } from './client'

export const WEEKDAYS: readonly Weekday[] = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']
/** Of a day. */
export const MOST_INTERVALS = 6
const DAY_MIN = 24 * 60
const WEEK_MIN = 7 * DAY_MIN

/** `HH:MM` each, or empty. One that ends at or before its beginning ends on the next day. */
export interface Interval {
  from: string
  to: string
}

export type Week = Record<Weekday, Interval[]>

function week(of: (day: Weekday) => Interval[]): Week {
  return Object.fromEntries(WEEKDAYS.map((day) => [day, of(day)])) as Week
}

/** What the form begins with. */
export function usualWeek(): Week {
  return week(() => [{ from: '11:00', to: '23:00' }])
}

/** Open all the time, for a camera whose site has hours. */
export function always(): OpeningHours {
  return Object.fromEntries(WEEKDAYS.map((day) => [day, ['00:00-24:00']])) as OpeningHours
}

export function isAlways(hours: OpeningHours): boolean {
  return WEEKDAYS.every((day) => hours[day].length === 1 && isWhole(intervalOf(hours[day][0] ?? '')))
}

export function isWhole({ from, to }: Interval): boolean {
  return from === to && from === '00:00'
}

export function typedWeek(hours: OpeningHours): Week {
  return week((day) => hours[day].map(intervalOf))
}

/** The end of the day is 00:00 here, which is what a field for times can show. */
function intervalOf(text: string): Interval {
  const [from = '', to = ''] = text.split('-')
  return { from, to: to === '24:00' ? '00:00' : to }
}

export function givenWeek(typed: Week): OpeningHours {
  const text = ({ from, to }: Interval) => `${from}-${to === '00:00' ? '24:00' : to}`
  return Object.fromEntries(WEEKDAYS.map((day) => [day, typed[day].map(text)])) as OpeningHours
}

export function endsNextDay({ from, to }: Interval): boolean {
  return from !== '' && to !== '' && to !== '00:00' && minutes(to) <= minutes(from)
}

/** `day` and `index` of the interval that does not fit; `empty`: no day has one. */
export type Fault = { kind: 'empty' } | { kind: 'incomplete' | 'unordered' | 'overlap'; day: Weekday; index: number }

/** What the API would refuse, in its order; null: nothing. */
export function faultOf(typed: Week): Fault | null {
  const all = WEEKDAYS.flatMap((day, number) => typed[day].map((interval, index) => ({ day, index, ...spanOf(interval, number), ...interval })))
  const incomplete = all.find(({ from, to }) => from === '' || to === '')
  if (incomplete) return { kind: 'incomplete', day: incomplete.day, index: incomplete.index }
  if (all.length === 0) return { kind: 'empty' }
  const unordered = all.find((each, at) => all[at - 1]?.day === each.day && each.begins < (all[at - 1]?.begins ?? 0))
  if (unordered) return { kind: 'unordered', day: unordered.day, index: unordered.index }
  for (const [at, before] of all.entries()) {
    const isLast = at + 1 === all.length
    const after = isLast ? all[0] : all[at + 1]
    if (after && after.begins + (isLast ? WEEK_MIN : 0) < before.ends) return { kind: 'overlap', day: after.day, index: after.index }
  }
  return null
}

/** In minutes from the beginning of the week. */
function spanOf({ from, to }: Interval, weekday: number): { begins: number; ends: number } {
  const [opens, closes] = [minutes(from), minutes(to)]
  return { begins: weekday * DAY_MIN + opens, ends: weekday * DAY_MIN + (closes > opens ? closes : closes + DAY_MIN) }
}

function minutes(text: string): number {
  const [hours = '0', minutes = '0'] = text.split(':')
  return Number(hours) * 60 + Number(minutes)
}

/** Days with the same hours that follow each other, in one: for a summary. */
export function runsOf(hours: OpeningHours): { days: Weekday[]; intervals: Interval[] }[] {
  const found: { days: Weekday[]; intervals: Interval[] }[] = []
  for (const day of WEEKDAYS) {
    const last = found.at(-1)
    const intervals = hours[day].map(intervalOf)
    if (last && JSON.stringify(last.intervals) === JSON.stringify(intervals)) last.days.push(day)
    else found.push({ days: [day], intervals })
  }
  return found
}
