// Each table's state, and in a run how it changed over the video.
import type { TableState } from '../generated/events'
import { h, keyed, say, set, show, type Row } from '../dom'
import { newestConclusion, runOrigin, selectedJob, shownFrame, tableLabel, tablesNow, type Model, type TableNow } from '../model'
import { ago, clockTime, tone, word } from '../words'
import { historyOf, type HistoryClient, type HistoryOf } from './history'

interface Span {
  key: string
  state: string
  from: number
  to: number
  title: string
}

interface Line extends TableNow {
  label: string
  note: string
  history: HistoryOf
  spans: Span[] | null
  playhead: number | null
}

export function tablesPanel(client: HistoryClient, onSeek: (share: number) => void) {
  const list = h('ul', { class: 'tables' })
  const empty = h('p', { class: 'muted empty' })
  const fill = keyed<Line>(list, (line) => line.key, () => row(client, onSeek))
  const element = h(
    'section',
    { class: 'card', 'aria-labelledby': 'tables-title' },
    h('h2', { id: 'tables-title' }, 'Tables'),
    list,
    empty,
  )

  function update(model: Model): void {
    const lines = tablesNow(model).map((each) => line(each, model))
    fill(lines)
    show(empty, lines.length === 0)
    say(empty, model.layout ? 'The layout has no tables.' : 'Without a camera and its layout there are no tables.')
  }

  return { element, update }
}

function line(each: TableNow, model: Model): Line {
  const job = selectedJob(model)
  const origin = runOrigin(model)
  const length = job?.video?.duration_ms ?? null
  const timed = origin !== null && length !== null && length > 0
  const frame = shownFrame(model)
  return {
    ...each,
    label: tableLabel(model)(each.table.table_id),
    note: note(each, model, origin),
    history: { tableId: each.table.table_id, runId: job?.run_id ?? null, origin: job ? origin : null },
    spans: timed ? spans(model.view.past.get(each.key) ?? [], origin, length, known(model)) : null,
    playhead: timed && frame ? Math.min(1, frame.media_ms / length) : null,
  }
}

function note({ record, state }: TableNow, model: Model, origin: number | null): string {
  if (!record) return selectedJob(model) ? 'nothing seen yet' : 'no evidence'
  const since = record.run_id !== null && origin !== null ? clockTime(Date.parse(record.since) - origin) : ago(record.since, model.now)
  const people = record.evidence.people ? `, ${record.evidence.people} ${record.evidence.people === 1 ? 'person' : 'people'}` : ''
  const sure = state === 'unknown' ? '' : `, ${Math.round(record.confidence * 100)} % sure`
  return `${record.run_id === null ? '' : 'since '}${since}${people}${sure}`
}

/** Up to when the states of the run are known, ms: of a run under way, its newest conclusion. */
function known(model: Model): number {
  const job = selectedJob(model)
  const told = job?.status === 'processing' ? newestConclusion(model, job.run_id) : null
  return told === null ? Infinity : Date.parse(told)
}

/** What a table was over the video, as shares of its length; the last state holds until `end`, ms. */
export function spans(past: readonly TableState[], origin: number, length: number, end: number): Span[] {
  const share = (time: number) => Math.min(1, Math.max(0, (time - origin) / length))
  return past.map((state, at) => {
    const next = past[at + 1]
    const from = Date.parse(state.since)
    const to = next ? Date.parse(next.since) : end
    const title = `${word(state.state)} from ${clockTime(from - origin)}`
    return { key: `${state.version}`, state: state.state, from: share(from), to: share(to), title }
  })
}

function row(client: HistoryClient, onSeek: (share: number) => void): Row<Line> {
  let subject: HistoryOf = { tableId: '', runId: null, origin: null }
  const history = historyOf(client, () => subject)
  const name = h('span', { class: 'name' })
  const chip = h('span', { class: 'chip' })
  const about = h('span', { class: 'muted small' })
  const bars = h('span', { class: 'bars' })
  const head = h('span', { class: 'playhead' })
  const track = h('div', { class: 'track', 'aria-hidden': 'true', onclick: (event: MouseEvent) => seek(event) }, bars, head)
  const element = h('li', {}, h('div', { class: 'row' }, name, chip), about, track, history.element)
  const fill = keyed<Span>(bars, (span) => span.key, span)

  const seek = (event: MouseEvent) => {
    const box = track.getBoundingClientRect()
    onSeek((event.clientX - box.left) / box.width)
  }

  return {
    element,
    update(line) {
      subject = line.history
      say(name, line.label)
      say(chip, word(line.state))
      set(chip, 'data-state', tone(line.state))
      say(about, line.note)
      show(track, line.spans !== null)
      fill(line.spans ?? [])
      show(head, line.playhead !== null)
      head.style.left = `${(line.playhead ?? 0) * 100}%`
    },
  }
}

function span(): Row<Span> {
  const element = h('span', { class: 'span' })
  return {
    element,
    update(each) {
      set(element, 'data-state', tone(each.state))
      set(element, 'title', each.title)
      element.style.left = `${each.from * 100}%`
      element.style.width = `${Math.max(0, each.to - each.from) * 100}%`
    },
  }
}
