// The state history of a table: fetched each time it is opened.
import type { Client, StateTransition } from '../client'
import { h, setText, setAttribute, setVisible } from '../dom'
import { clockTime, timeOfDay, tone, displayName } from '../format'

const LIMIT = 10

export type HistoryClient = Pick<Client, 'stateHistory' | 'link'>

export interface HistoryOf {
  tableId: string
  /** Null for the live table. */
  runId: string | null
  /** When the run began, ms; null where times are times of day. */
  origin: number | null
}

/** A fold-out list; `subject` is called when it is opened, for the table whose history is fetched. */
export function historyOf(client: HistoryClient, subject: () => HistoryOf) {
  const list = h('ol', { class: 'history' })
  const note = h('p', { class: 'muted small' })
  const element = h('details', { class: 'why', ontoggle: () => void unfold() }, h('summary', {}, 'History'), list, note)

  async function unfold(): Promise<void> {
    if (!element.open) return
    const { tableId, runId, origin } = subject()
    list.replaceChildren()
    setNote('Reading…')
    try {
      const transitions = await client.stateHistory({ tableId, runId, limit: LIMIT })
      list.replaceChildren(...transitions.map((transition) => entry(client, transition, origin)))
      setNote(transitions.length ? '' : 'Nothing is recorded yet.')
    } catch (error) {
      setNote(error instanceof Error ? error.message : String(error))
    }
  }

  function setNote(text: string): void {
    setText(note, text)
    setVisible(note, text !== '')
  }

  return { element, close: () => (element.open = false) }
}

function entry(client: HistoryClient, transition: StateTransition, origin: number | null): HTMLElement {
  const at = (time: string) => (origin === null ? timeOfDay(time) : clockTime(Date.parse(time) - origin))
  const lasted = transition.duration_ms === null ? 'until now' : `for ${clockTime(transition.duration_ms)}`
  const chip = h('span', { class: 'chip' }, displayName(transition.state))
  setAttribute(chip, 'data-state', tone(transition.state))
  return h(
    'li',
    {},
    h('div', { class: 'row' }, h('span', {}, at(transition.since)), chip),
    h('span', { class: 'muted small' }, `${lasted}; ${why(transition)}`),
    picture(client, transition.evidence.frame_ids[0]),
  )
}

/** Why a table came to a state: the reason, how many frames and people, and how sure. */
export function why(transition: Pick<StateTransition, 'reason' | 'confidence' | 'evidence'>): string {
  const { people, frame_ids: frames, model } = transition.evidence
  const seen = people ? `, ${people} ${people === 1 ? 'person' : 'people'}` : ''
  const by = model ? ` by ${model.name}` : ''
  const sure = transition.reason === 'evidence' ? `, ${Math.round(transition.confidence * 100)} % sure` : ''
  const of = frames.length ? ` (${frames.length} ${frames.length === 1 ? 'frame' : 'frames'}${by})` : ''
  return `${displayName(transition.reason).toLowerCase()}${of}${seen}${sure}`
}

/** A button that fetches and shows the frame. */
function picture(client: HistoryClient, frameId: string | undefined): HTMLElement | null {
  if (frameId === undefined) return null
  const button = h('button', { type: 'button', class: 'link', onclick: () => void open() }, 'Show the frame')
  const holder = h('div', {}, button)

  async function open(): Promise<void> {
    setAttribute(button, 'disabled', true)
    try {
      const { url } = await client.link({ frame_id: frameId as string })
      holder.replaceChildren(h('img', { src: url, alt: 'The frame that this was seen in', loading: 'lazy' }))
    } catch {
      holder.replaceChildren(h('span', { class: 'muted small' }, 'The frame was deleted.'))
    }
  }

  return holder
}
