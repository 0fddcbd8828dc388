// What a table went through, and why: opened at a table, read once for each opening.
import type { Client, Turn } from '../client'
import { h, say, set, show } from '../dom'
import { clockTime, timeOfDay, tone, word } from '../words'

const MOST = 10

/** What the history of a table is asked of. */
export type HistoryClient = Pick<Client, 'turns' | 'link'>

export interface HistoryOf {
  tableId: string
  /** Null for the live table. */
  runId: string | null
  /** When the run began, ms; null where times are times of day. */
  origin: number | null
}

/** A fold-out that asks when it is opened; `subject` says whose history it is then. */
export function historyOf(client: HistoryClient, subject: () => HistoryOf) {
  const list = h('ol', { class: 'history' })
  const note = h('p', { class: 'muted small' })
  const element = h('details', { class: 'why', ontoggle: () => void unfold() }, h('summary', {}, 'History'), list, note)

  async function unfold(): Promise<void> {
    if (!element.open) return
    const { tableId, runId, origin } = subject()
    list.replaceChildren()
    tell('Reading…')
    try {
      const turns = await client.turns({ tableId, runId, limit: MOST })
      list.replaceChildren(...turns.map((turn) => entry(client, turn, origin)))
      tell(turns.length ? '' : 'Nothing is kept of it yet.')
    } catch (error) {
      tell(error instanceof Error ? error.message : String(error))
    }
  }

  function tell(text: string): void {
    say(note, text)
    show(note, text !== '')
  }

  return { element, close: () => (element.open = false) }
}

function entry(client: HistoryClient, turn: Turn, origin: number | null): HTMLElement {
  const at = (time: string) => (origin === null ? timeOfDay(time) : clockTime(Date.parse(time) - origin))
  const lasted = turn.duration_ms === null ? 'until now' : `for ${clockTime(turn.duration_ms)}`
  const chip = h('span', { class: 'chip' }, word(turn.state))
  set(chip, 'data-state', tone(turn.state))
  return h(
    'li',
    {},
    h('div', { class: 'row' }, h('span', {}, at(turn.since)), chip),
    h('span', { class: 'muted small' }, `${lasted}; ${why(turn)}`),
    picture(client, turn.evidence.frame_ids[0]),
  )
}

/** The reason as a sentence's end, with what it was seen by. */
export function why(turn: Pick<Turn, 'reason' | 'confidence' | 'evidence'>): string {
  const { people, frame_ids: frames, model } = turn.evidence
  const seen = people ? `, ${people} ${people === 1 ? 'person' : 'people'}` : ''
  const by = model ? ` by ${model.name}` : ''
  const sure = turn.reason === 'evidence' ? `, ${Math.round(turn.confidence * 100)} % sure` : ''
  const of = frames.length ? ` (${frames.length} ${frames.length === 1 ? 'frame' : 'frames'}${by})` : ''
  return `${word(turn.reason).toLowerCase()}${of}${seen}${sure}`
}

/** The frame that it was seen in, fetched when somebody wants it. */
function picture(client: HistoryClient, frameId: string | undefined): HTMLElement | null {
  if (frameId === undefined) return null
  const button = h('button', { type: 'button', class: 'link', onclick: () => void open() }, 'Show the frame')
  const place = h('div', {}, button)

  async function open(): Promise<void> {
    set(button, 'disabled', true)
    try {
      const { url } = await client.link({ frame_id: frameId as string })
      place.replaceChildren(h('img', { src: url, alt: 'The frame that this was seen in', loading: 'lazy' }))
    } catch {
      place.replaceChildren(h('span', { class: 'muted small' }, 'The frame is not kept any more.'))
    }
  }

  return place
}
