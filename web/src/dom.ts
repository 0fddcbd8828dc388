// Helpers for the DOM: creating elements, and lists whose nodes live as long as their items.

type Child = Node | string | null | undefined | false
type Attributes = Record<string, string | number | boolean | null | undefined | ((event: never) => void)>

/** An element; attributes named on… are listeners, null and false leave an attribute out. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  setAttributes(element, attributes)
  element.append(...children.filter((child): child is Node | string => child !== null && child !== undefined && child !== false))
  return element
}

/** The same for SVG. */
export function s<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[Tag] {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag)
  setAttributes(element, attributes)
  element.append(...children.filter((child): child is Node | string => Boolean(child)))
  return element
}

function setAttributes(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value as EventListener)
    else setAttribute(element, name, value)
  }
}

/** Sets or removes an attribute; does not touch the DOM when nothing changes. */
export function setAttribute(element: Element, name: string, value: string | number | boolean | null | undefined): void {
  if (value === null || value === undefined || value === false) {
    if (element.hasAttribute(name)) element.removeAttribute(name)
    return
  }
  const text = value === true ? '' : String(value)
  if (element.getAttribute(name) !== text) element.setAttribute(name, text)
}

/** Sets the text; does not touch the DOM when nothing changes, because screen readers would read it again. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

export function setVisible(element: HTMLElement, visible: boolean): void {
  if (element.hidden === visible) element.hidden = !visible
}

export interface Row<Item> {
  element: Element
  update(item: Item): void
}

/** Returns a function that makes `parent`'s children match a list of items; a node lives as long as its key does. */
export function keyed<Item>(parent: Element, key: (item: Item) => string, make: (item: Item) => Row<Item>) {
  let rows = new Map<string, Row<Item>>()
  return (items: readonly Item[]): void => {
    const next = new Map<string, Row<Item>>()
    let before: Element | null = null
    for (const item of items) {
      const name = key(item)
      const row = rows.get(name) ?? make(item)
      row.update(item)
      next.set(name, row)
      const following: Element | null = before ? before.nextElementSibling : parent.firstElementChild
      if (following !== row.element) parent.insertBefore(row.element, following)
      before = row.element
    }
    for (const [name, row] of rows) if (!next.has(name)) row.element.remove()
    rows = next
  }
}
