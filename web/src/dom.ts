// The little of the DOM that the panels need: elements, and lists that keep their nodes.

type Child = Node | string | null | undefined | false
type Attributes = Record<string, string | number | boolean | null | undefined | ((event: never) => void)>

/** An element; attributes named on… are listeners, null and false leave an attribute out. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  dress(element, attributes)
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
  dress(element, attributes)
  element.append(...children.filter((child): child is Node | string => Boolean(child)))
  return element
}

function dress(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value as EventListener)
    else set(element, name, value)
  }
}

/** Sets or takes away an attribute, and touches nothing that is so already. */
export function set(element: Element, name: string, value: string | number | boolean | null | undefined): void {
  if (value === null || value === undefined || value === false) {
    if (element.hasAttribute(name)) element.removeAttribute(name)
    return
  }
  const text = value === true ? '' : String(value)
  if (element.getAttribute(name) !== text) element.setAttribute(name, text)
}

/** Sets the text, and touches nothing that is so already (screen readers would read it again). */
export function say(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

export function show(element: HTMLElement, visible: boolean): void {
  if (element.hidden === visible) element.hidden = !visible
}

export interface Row<Item> {
  element: Element
  update(item: Item): void
}

/** Keeps `parent`'s children in step with items: a node lives as long as its key does. */
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
      const place: Element | null = before ? before.nextElementSibling : parent.firstElementChild
      if (place !== row.element) parent.insertBefore(row.element, place)
      before = row.element
    }
    for (const [name, row] of rows) if (!next.has(name)) row.element.remove()
    rows = next
  }
}
