// A list that comes page by page.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Page } from './client'
import { useStore } from './context'

export interface Pages<Item> {
  items: readonly Item[]
  /** Whether there are more; null until the first page has come. */
  more: boolean | null
  /** Whether the last request failed. */
  failed: boolean
  /** Asks for the next page; nothing while one is under way. */
  load: (limit: number) => void
}

/** Asks for the first page at once, with `first` items. */
export function usePages<Item>(ask: (cursor: string | null, limit: number) => Promise<Page<Item>>, first: number): Pages<Item> {
  const store = useStore()
  const [items, setItems] = useState<readonly Item[]>([])
  const [more, setMore] = useState<boolean | null>(null)
  const [failed, setFailed] = useState(false)
  const cursor = useRef<string | null>(null)
  const busy = useRef(false)
  const load = (limit: number) => {
    if (busy.current) return
    busy.current = true
    setFailed(false)
    ask(cursor.current, limit).then(
      (page) => {
        busy.current = false
        cursor.current = page.next_cursor
        setItems((before) => [...before, ...page.items])
        setMore(page.next_cursor !== null)
      },
      (error: unknown) => {
        busy.current = false
        setFailed(true)
        store.fail(error)
      },
    )
  }
  useEffect(() => load(first), [])
  return { items, more, failed, load }
}
