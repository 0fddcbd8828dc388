// The browser asks before the page is closed or loaded again while something would be lost.
import { effect, type ReadonlySignal } from '@preact/signals'

/** Returns a function that ends it. */
export function askBeforeLeaving(busy: ReadonlySignal<boolean>): () => void {
  return effect(() => {
    if (!busy.value) return undefined
    addEventListener('beforeunload', ask)
    return () => removeEventListener('beforeunload', ask)
  })
}

function ask(event: BeforeUnloadEvent): void {
  event.preventDefault()
}
