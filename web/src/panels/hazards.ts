// The alerts, and the actions that a person can take.
import type { HazardAlert } from '../generated/events'
import { Client, type HazardAction } from '../client'
import { h, keyed, setText, setAttribute, setVisible, type Row } from '../dom'
import { CLOSED_HAZARDS, hazardsEnded, hazardsNow, runOrigin, tableLabel, type Model } from '../model'
import { clockTime, hazardTitle, timeOfDay, displayName } from '../format'

const ACTIONS: Record<string, HazardAction[]> = {
  opened: ['acknowledge', 'clear', 'dismiss'],
  acknowledged: ['clear', 'dismiss'],
  cleared: ['verify'],
}

interface Line {
  hazard: HazardAlert
  title: string
  note: string
  /** Its run has ended, and with it what can be done about the alert. */
  ended: boolean
}

interface Actions {
  act(id: string, action: HazardAction): Promise<unknown>
  seek(time: string): void
}

export function hazardsPanel(client: Client, onError: (error: unknown) => void, seek: (time: string) => void) {
  const list = h('ul', { class: 'hazards' })
  const empty = h('p', { class: 'muted empty' }, 'Nothing on the floor.')
  const over = h('p', { class: 'muted small' }, 'The run has ended: its alerts stay as they are.')
  const actions: Actions = { act: (id, action) => client.act(id, action).catch(onError), seek }
  const fill = keyed<Line>(list, (line) => line.hazard.hazard_id, () => row(actions))
  const element = h(
    'section',
    { class: 'card', 'aria-labelledby': 'hazards-title' },
    h('h2', { id: 'hazards-title' }, 'Hazards'),
    list,
    over,
    empty,
  )

  function update(model: Model): void {
    const origin = runOrigin(model)
    const ended = hazardsEnded(model)
    const lines = hazardsNow(model).map((hazard) => {
      const opened = Date.parse(hazard.opened_at)
      const at = hazard.run_id !== null && origin !== null ? clockTime(opened - origin) : timeOfDay(hazard.opened_at)
      const quoted = hazard.note ? ` “${hazard.note}”` : ''
      return {
        hazard,
        ended,
        title: hazardTitle(hazard, tableLabel(model)),
        note: `${displayName(hazard.status)}, since ${at}, ${Math.round(hazard.confidence * 100)} % sure.${quoted}`,
      }
    })
    fill(lines)
    setVisible(empty, lines.length === 0)
    setVisible(over, ended && lines.some((line) => !CLOSED_HAZARDS.has(line.hazard.status)))
  }

  return { element, update }
}

function row({ act, seek }: Actions): Row<Line> {
  let lastSeen = ''
  const title = h('strong')
  const note = h('span', { class: 'muted small' })
  const buttons = h('div', { class: 'buttons' })
  const showFrame = h('button', { type: 'button', onclick: () => seek(lastSeen) }, 'Show')
  const element = h('li', {}, h('span', { class: 'texts' }, title, note), h('div', { class: 'buttons' }, showFrame, buttons))
  return {
    element,
    update({ hazard, title: text, note: more, ended }) {
      lastSeen = hazard.as_of
      setVisible(showFrame, hazard.run_id !== null)
      setText(title, text)
      setText(note, more)
      setAttribute(element, 'data-severity', hazard.severity)
      setAttribute(element, 'data-closed', CLOSED_HAZARDS.has(hazard.status))
      const shown = ended ? 'ended' : hazard.status
      if (buttons.dataset['shown'] === shown) return
      buttons.dataset['shown'] = shown
      const allowed = ended ? [] : (ACTIONS[hazard.status] ?? [])
      buttons.replaceChildren(
        ...allowed.map((action) => h('button', { type: 'button', onclick: () => void act(hazard.hazard_id, action) }, displayName(action))),
      )
    },
  }
}
