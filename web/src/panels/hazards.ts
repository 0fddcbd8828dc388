// Alerts, and what a person can do about them.
import type { HazardAlert } from '../generated/events'
import { Client, type HazardAction } from '../client'
import { h, keyed, say, set, show, type Row } from '../dom'
import { CLOSED_HAZARDS, hazardsNow, runOrigin, tableLabel, type Model } from '../model'
import { clockTime, hazardTitle, timeOfDay, word } from '../words'

const ACTIONS: Record<string, HazardAction[]> = {
  opened: ['acknowledge', 'clear', 'dismiss'],
  acknowledged: ['clear', 'dismiss'],
  cleared: ['verify'],
}

interface Line {
  hazard: HazardAlert
  title: string
  note: string
}

interface Doings {
  act(id: string, action: HazardAction): Promise<unknown>
  seek(time: string): void
}

export function hazardsPanel(client: Client, onError: (error: unknown) => void, seek: (time: string) => void) {
  const list = h('ul', { class: 'hazards' })
  const empty = h('p', { class: 'muted empty' }, 'Nothing on the floor.')
  const doings: Doings = { act: (id, action) => client.act(id, action).catch(onError), seek }
  const fill = keyed<Line>(list, (line) => line.hazard.hazard_id, () => row(doings))
  const element = h(
    'section',
    { class: 'card', 'aria-labelledby': 'hazards-title' },
    h('h2', { id: 'hazards-title' }, 'Hazards'),
    list,
    empty,
  )

  function update(model: Model): void {
    const origin = runOrigin(model)
    const lines = hazardsNow(model).map((hazard) => {
      const opened = Date.parse(hazard.opened_at)
      const at = hazard.run_id !== null && origin !== null ? clockTime(opened - origin) : timeOfDay(hazard.opened_at)
      const said = hazard.note ? ` “${hazard.note}”` : ''
      return {
        hazard,
        title: hazardTitle(hazard, tableLabel(model)),
        note: `${word(hazard.status)}, since ${at}, ${Math.round(hazard.confidence * 100)} % sure.${said}`,
      }
    })
    fill(lines)
    show(empty, lines.length === 0)
  }

  return { element, update }
}

function row({ act, seek }: Doings): Row<Line> {
  let seen = ''
  const title = h('strong')
  const note = h('span', { class: 'muted small' })
  const buttons = h('div', { class: 'buttons' })
  const look = h('button', { type: 'button', onclick: () => seek(seen) }, 'Show')
  const element = h('li', {}, h('span', { class: 'texts' }, title, note), h('div', { class: 'buttons' }, look, buttons))
  return {
    element,
    update({ hazard, title: text, note: more }) {
      seen = hazard.as_of
      show(look, hazard.run_id !== null)
      say(title, text)
      say(note, more)
      set(element, 'data-severity', hazard.severity)
      set(element, 'data-closed', CLOSED_HAZARDS.has(hazard.status))
      if (buttons.dataset['status'] === hazard.status) return
      buttons.dataset['status'] = hazard.status
      const actions = ACTIONS[hazard.status] ?? []
      buttons.replaceChildren(
        ...actions.map((action) => h('button', { type: 'button', onclick: () => void act(hazard.hazard_id, action) }, word(action))),
      )
    },
  }
}
