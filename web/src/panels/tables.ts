// Each table's state, and in a run how it changed over the video.
import type { TableState } from '../generated/events'
import { h, keyed, setText, setAttribute, setVisible, type Row } from '../dom'
import { newestStateTime, runOrigin, selectedJob, shownFrame, tableLabel, tablesNow, type Model, type TableNow } from '../model'
import { ago, clockTime, tone, displayName } from '../format'
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

export function tablesPanel(client: HistoryClient, onSeek: (fraction: number) => void) {
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
    setVisible(empty, lines.length === 0)
    setText(empty, model.layout ? 'The layout has no tables.' : 'Without a camera and its layout there are no tables.')
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
    spans: timed ? spans(model.view.past.get(each.key) ?? [], origin, length, knownUntil(model)) : null,
    playhead: timed && frame ? Math.min(1, frame.media_ms / length) : null,
  }
}

function note({ record, state }: TableNow, model: Model, origin: number | null): string {
  if (!record) return selectedJob(model) ? 'nothing seen yet' : 'no evidence'
  const since = record.run_id !== null && origin !== null ? clockTime(Date.parse(record.since) - origin) : ago(record.since, model.now)
  const people = record.evidence.people ? `, ${record.evidence.people} ${record.evidence.people === 1 ? 'person' : 'people'}` : ''
  const why = record.unknown_reason ? `, ${displayName(record.unknown_reason).toLowerCase()}` : ''
  const sure = state === 'unknown' ? why : `, ${Math.round(record.confidence * 100)} % sure`
  return `${record.run_id === null ? '' : 'since '}${since}${people}${sure}`
}

/** Up to when the states of the run are known, ms: of a run under way, the time of its newest state. */
function knownUntil(model: Model): number {
  const job = selectedJob(model)
  const time = job?.status === 'processing' ? newestStateTime(model, job.run_id) : null
  return time === null ? Infinity : Date.parse(time)
}

/** The states of a table over the video, as fractions of its length; the last one lasts until `end`, ms. */
export function spans(past: readonly TableState[], origin: number, length: number, end: number): Span[] {
  const fraction = (time: number) => Math.min(1, Math.max(0, (time - origin) / length))
  return past.map((state, at) => {
    const next = past[at + 1]
    const from = Date.parse(state.since)
    const to = next ? Date.parse(next.since) : end
    const title = `${displayName(state.state)} from ${clockTime(from - origin)}`
    return { key: `${state.version}`, state: state.state, from: fraction(from), to: fraction(to), title }
  })
}

function row(client: HistoryClient, onSeek: (fraction: number) => void): Row<Line> {
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
      setText(name, line.label)
      setText(chip, displayName(line.state))
      setAttribute(chip, 'data-state', tone(line.state))
      setText(about, line.note)
      setVisible(track, line.spans !== null)
      fill(line.spans ?? [])
      setVisible(head, line.playhead !== null)
      head.style.left = `${(line.playhead ?? 0) * 100}%`
    },
  }
}

function span(): Row<Span> {
  const element = h('span', { class: 'span' })
  return {
    element,
    update(each) {
      setAttribute(element, 'data-state', tone(each.state))
      setAttribute(element, 'title', each.title)
      element.style.left = `${each.from * 100}%`
      element.style.width = `${Math.max(0, each.to - each.from) * 100}%`
    },
  }
}
