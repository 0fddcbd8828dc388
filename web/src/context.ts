// What every view may use: the store of the session, and addresses below the prefix of the page.
import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { Store } from './store'

/** Path of the page: empty, or the prefix below which a proxy serves it. */
export const PREFIX = new URL('.', document.baseURI).pathname.replace(/\/$/, '')

export type ViewName = 'floor' | 'cameras' | 'videos' | 'hazards' | 'settings'

/** The address of a view, or of one thing in it. */
export function address(view: ViewName, id: string | null = null): string {
  return `${PREFIX}/${view}${id === null ? '' : `/${encodeURIComponent(id)}`}`
}

/** An address with another value in its query; an empty one is left out. */
export function withQuery(path: string, query: Record<string, string>, name: string, value: string): string {
  const next = new URLSearchParams(query)
  if (value) next.set(name, value)
  else next.delete(name)
  return `${path}${next.size ? `?${next}` : ''}`
}

export const StoreContext = createContext<Store | null>(null)

export function useStore(): Store {
  const store = useContext(StoreContext)
  if (store === null) throw new Error('There is no store above this component.')
  return store
}
