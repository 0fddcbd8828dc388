// A panel of the older kind, which makes and changes its own nodes (dom.ts), inside a component.
import { useLayoutEffect, useRef } from 'preact/hooks'
import type { Model } from '../model'

export interface Panel {
  element: HTMLElement
  update(model: Model): void
}

export function Mounted({ panel, model }: { panel: Panel; model: Model }) {
  const place = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => place.current?.replaceChildren(panel.element), [panel])
  useLayoutEffect(() => panel.update(model), [panel, model])
  return <div class="mounted" ref={place} />
}
