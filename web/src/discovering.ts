// Looking for cameras on the network of the server, before any is registered.
import { useEffect, useRef, useState } from 'preact/hooks'
import { Problem, type Discovery, type Login } from './client'
import { useStore } from './context'
import { remember, remembered } from './remembered'
import { problemText } from './words'

const EVERY_MS = 1000
/** The device keeps which search was the last of a site: what was found is asked for again after a reload. */
const PREFIX = 'discovery/'

export interface Discovering {
  /** What is known of it; null: nobody has looked yet. */
  discovery: Discovery | null
  busy: boolean
  /** Why it was not begun. */
  problem: string
  begin: (login: Login | null) => Promise<void>
}

export function useDiscovering(): Discovering {
  const store = useStore()
  const [discovery, setDiscovery] = useState<Discovery | null>(null)
  const [asking, setAsking] = useState(false)
  const [problem, setProblem] = useState('')
  const left = useRef(false)
  useEffect(() => () => void (left.current = true), [])
  const site = store.siteId.value
  useEffect(() => {
    const kept = remembered(PREFIX + site)
    if (kept === null) return
    const missing = (error: unknown) => {
      if (error instanceof Problem && error.status === 404) remember(PREFIX + site, null) // it is too long ago
    }
    store.client.discovery(kept).then((found) => !left.current && setDiscovery((known) => known ?? found), missing)
  }, [site])
  const waiting = discovery?.status === 'waiting' ? discovery.discovery_id : null

  useEffect(() => {
    if (waiting === null) return
    let over = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const ask = async () => {
      const found = await store.client.discovery(waiting).catch((error: unknown) => {
        if (error instanceof Problem && error.status === 401) store.fail(error)
        return null // is asked for again
      })
      if (over) return
      if (found && found.status !== 'waiting') return setDiscovery(found)
      timer = setTimeout(() => void ask(), EVERY_MS)
    }
    void ask()
    return () => {
      over = true
      clearTimeout(timer)
    }
  }, [waiting])

  const begin = async (login: Login | null) => {
    setProblem('')
    setAsking(true)
    try {
      const begun = await store.client.newDiscovery(site, login)
      remember(PREFIX + site, begun.discovery_id)
      if (!left.current) setDiscovery(begun)
    } catch (error) {
      if (error instanceof Problem && error.status === 401) store.fail(error)
      else setProblem(problemText(error))
    } finally {
      setAsking(false)
    }
  }
  return { discovery, busy: asking || waiting !== null, problem, begin }
}
