// @vitest-environment jsdom
import { describe, expect, it, vi } from 'vitest'
import { h, keyed, setText, setAttribute, setVisible } from '../src/dom'

interface Item {
  id: string
  text: string
}

function list() {
  const parent = h('ul')
  const made = vi.fn()
  const fill = keyed<Item>(
    parent,
    (item) => item.id,
    (item) => {
      made(item.id)
      const element = h('li')
      return { element, update: (now) => setText(element, now.text) }
    },
  )
  return { parent, made, fill, texts: () => [...parent.children].map((child) => child.textContent) }
}

const items = (...ids: string[]): Item[] => ids.map((id) => ({ id, text: id.toUpperCase() }))

describe('a keyed list', () => {
  it('adds, moves and takes away, and keeps the nodes of what stays', () => {
    const { parent, made, fill, texts } = list()
    fill(items('a', 'b', 'c'))
    const [a, b] = [...parent.children]
    fill(items('d', 'b', 'a'))
    expect(texts()).toEqual(['D', 'B', 'A'])
    expect(parent.children[1]).toBe(b)
    expect(parent.children[2]).toBe(a)
    expect(made).toHaveBeenCalledTimes(4)
    fill([])
    expect(parent.children).toHaveLength(0)
  })

  it('changes nothing when nothing changed', () => {
    const { parent, fill } = list()
    fill(items('a', 'b'))
    const changes = new MutationObserver(() => undefined)
    changes.observe(parent, { childList: true, subtree: true, characterData: true, attributes: true })
    fill(items('a', 'b'))
    expect(changes.takeRecords()).toEqual([])
  })
})

describe('elements', () => {
  it('have attributes, listeners and children, and no null among them', () => {
    const clicked = vi.fn()
    const button = h('button', { class: 'x', disabled: false, 'aria-current': null, onclick: clicked }, 'A', null, false, h('b'))
    button.click()
    expect(button.outerHTML).toBe('<button class="x">A<b></b></button>')
    expect(clicked).toHaveBeenCalledOnce()
  })

  it('never read text as markup', () => {
    const element = h('p', { title: '"><script>' }, '<img src=x onerror=alert(1)>')
    setText(element, '<b>bold</b>')
    expect(element.children).toHaveLength(0)
    expect(element.textContent).toBe('<b>bold</b>')
  })

  it('are set and shown only where something differs', () => {
    const element = h('p', { id: 'a' })
    const changes = new MutationObserver(() => undefined)
    changes.observe(element, { attributes: true })
    setAttribute(element, 'id', 'a')
    setAttribute(element, 'title', null)
    setVisible(element, true)
    expect(changes.takeRecords()).toEqual([])
    setVisible(element, false)
    expect(element.hidden).toBe(true)
  })
})
