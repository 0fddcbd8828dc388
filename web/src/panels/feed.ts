// The events of the site, newest first.
import { h, keyed, setText, setVisible, type Row } from '../dom'
import type { FeedEntry, Model } from '../model'
import { timeOfDay } from '../format'

export function feedPanel() {
  const list = h('ol', { class: 'feed', role: 'log', 'aria-live': 'off', tabindex: 0, 'aria-labelledby': 'feed-title' })
  const empty = h('p', { class: 'muted empty' }, 'Quiet so far.')
  const fill = keyed<FeedEntry>(list, (entry) => String(entry.id), row)
  const element = h(
    'section',
    { class: 'card', 'aria-labelledby': 'feed-title' },
    h('h2', { id: 'feed-title' }, 'Events'),
    list,
    empty,
  )

  function update(model: Model): void {
    fill(model.feed)
    setVisible(empty, model.feed.length === 0)
  }

  return { element, update }
}

function row(entry: FeedEntry): Row<FeedEntry> {
  const text = h('span')
  const element = h(
    'li',
    { 'data-tone': entry.tone },
    h('time', { class: 'mono muted' }, timeOfDay(entry.at)),
    h('span', { class: 'topic mono' }, entry.topic),
    text,
  )
  return { element, update: (line) => setText(text, line.text) }
}
