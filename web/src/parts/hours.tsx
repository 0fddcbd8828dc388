// Opening hours of a site or a camera: a summary, and a form for them.
import { useEffect, useState } from 'preact/hooks'
import type { OpeningHours, Weekday } from '../client'
import { endsNextDay, faultOf, givenWeek, isAlways, isWhole, MOST_INTERVALS, runsOf, typedWeek, usualWeek, WEEKDAYS, always, type Fault, type Interval, type Week } from '../hours'
import { T } from '../texts'

const W = T.hours
/** `none`: no hours of its own. */
type Choice = 'none' | 'always' | 'times'

export function hoursText(hours: OpeningHours): string {
  if (isAlways(hours)) return W.always
  return runsOf(hours)
    .map(({ days, intervals }) => `${daysText(days)} ${intervals.length ? intervals.map(intervalText).join(', ') : W.closed}`)
    .join('; ')
}

function daysText(days: readonly Weekday[]): string {
  const [first, last] = [days[0], days.at(-1)]
  if (!first || !last) return ''
  return first === last ? W.short[first] : `${W.short[first]}–${W.short[last]}`
}

function intervalText(interval: Interval): string {
  return isWhole(interval) ? W.allDay : `${interval.from}–${interval.to}`
}

interface HoursFormProps {
  /** Null: none of its own. */
  hours: OpeningHours | null
  /** What having none of its own means. */
  noneText: string
  /** Whether `always` is something else than none: of a camera, whose site may have hours. */
  offersAlways: boolean
  busy: boolean
  /** Why they were not saved. */
  problem: string
  onSave: (hours: OpeningHours | null) => void
}

export function HoursForm({ hours, noneText, offersAlways, busy, problem, onSave }: HoursFormProps) {
  const [choice, setChoice] = useState<Choice>(() => choiceOf(hours, offersAlways))
  const [week, setWeek] = useState<Week>(() => (hours === null ? usualWeek() : typedWeek(hours)))
  const known = JSON.stringify(hours)
  useEffect(() => {
    setChoice(choiceOf(hours, offersAlways))
    if (hours !== null) setWeek(typedWeek(hours))
  }, [known])
  const fault = choice === 'times' ? faultOf(week) : null
  const chosen = choice === 'none' ? null : choice === 'always' ? always() : givenWeek(week)
  const same = JSON.stringify(chosen) === known
  const save = (event: SubmitEvent) => {
    event.preventDefault()
    if (fault === null && !same && !busy) onSave(chosen)
  }
  const choices: Choice[] = offersAlways ? ['none', 'always', 'times'] : ['none', 'times']
  const words: Record<Choice, string> = { none: noneText, always: W.alwaysOpen, times: W.atTimes }
  return (
    <form class="hours" onSubmit={save}>
      <fieldset>
        <legend class="visually-hidden">{W.title}</legend>
        {choices.map((each) => (
          <label key={each} class="check">
            <input type="radio" name="hours" checked={choice === each} onChange={() => setChoice(each)} />
            {words[each]}
          </label>
        ))}
      </fieldset>
      {choice === 'times' && <Days week={week} fault={fault} onChange={setWeek} />}
      <div role="alert">
        {problem && <p class="callout error">{problem}</p>}
        {fault?.kind === 'empty' && <p class="error small">{W.faults.empty}</p>}
      </div>
      <div class="buttons"><button type="submit" class="primary" disabled={busy || same || fault !== null}>{W.save}</button></div>
    </form>
  )
}

function choiceOf(hours: OpeningHours | null, offersAlways: boolean): Choice {
  if (hours === null) return 'none'
  return offersAlways && isAlways(hours) ? 'always' : 'times'
}

interface DaysProps {
  week: Week
  fault: Fault | null
  onChange: (week: Week) => void
}

function Days({ week, fault, onChange }: DaysProps) {
  const put = (day: Weekday, intervals: Interval[]) => onChange({ ...week, [day]: intervals })
  return (
    <ul class="days">
      {WEEKDAYS.map((day, number) => (
        <li key={day}>
          <fieldset>
            <legend>{W.days[day]}</legend>
            <Day day={day} intervals={week[day]} fault={fault !== null && fault.kind !== 'empty' && fault.day === day ? fault : null} onChange={(intervals) => put(day, intervals)} />
            {number === 0 && (
              <button type="button" class="plain" onClick={() => onChange(Object.fromEntries(WEEKDAYS.map((each) => [each, week[day]])) as Week)}>{W.sameForAll}</button>
            )}
          </fieldset>
        </li>
      ))}
    </ul>
  )
}

interface DayProps {
  day: Weekday
  intervals: Interval[]
  fault: Exclude<Fault, { kind: 'empty' }> | null
  onChange: (intervals: Interval[]) => void
}

function Day({ day, intervals, fault, onChange }: DayProps) {
  const put = (index: number, change: Partial<Interval>) => onChange(intervals.map((each, at) => (at === index ? { ...each, ...change } : each)))
  const name = W.days[day]
  const help = `${day}-fault`
  return (
    <div class="intervals">
      {intervals.length === 0 && <span class="muted">{W.closed}</span>}
      {intervals.map((interval, index) => {
        const wrong = fault?.index === index
        const time = (which: 'from' | 'to') => (
          <input
            type="time"
            aria-label={W.field(name, index + 1, W[which])}
            aria-invalid={wrong}
            aria-describedby={wrong ? help : undefined}
            value={interval[which]}
            onInput={(event) => put(index, { [which]: event.currentTarget.value })}
          />
        )
        return (
          <span key={index} class="interval">
            {time('from')}
            <span aria-hidden="true">–</span>
            {time('to')}
            <button type="button" class="plain" aria-label={W.removeTime(name, index + 1)} onClick={() => onChange(intervals.filter((_, at) => at !== index))}>✕</button>
            {(endsNextDay(interval) || isWhole(interval)) && <span class="muted small">{isWhole(interval) ? W.allDay : W.nextDay}</span>}
          </span>
        )
      })}
      {intervals.length < MOST_INTERVALS && (
        <button type="button" class="plain" aria-label={W.addTime(name)} onClick={() => onChange([...intervals, intervals.length ? { from: '', to: '' } : { from: '11:00', to: '23:00' }])}>{W.add}</button>
      )}
      {fault && <p id={help} class="error small">{W.faults[fault.kind]}</p>}
    </div>
  )
}
