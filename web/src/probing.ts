// Asking a camera what it sends, before it is registered.
import { useEffect, useState } from 'preact/hooks'
import { Problem, type NewSource, type Probe } from './client'
import { useStore } from './context'
import { problemText } from './words'

const EVERY_MS = 1000

export interface Probing {
  /** What is known of the probe; null: there is none, or nothing was answered yet. */
  probe: Probe | null
  /** Whether an answer is waited for. */
  busy: boolean
  /** Why it was not begun. */
  problem: string
  begin: (source: NewSource) => Promise<void>
}

/** `probeId`: of the probe that is looked at. `onId` is called with that of a new one, and null where it is not known any more. */
export function useProbing(probeId: string | null, onId: (probeId: string | null) => void): Probing {
  const store = useStore()
  const [probe, setProbe] = useState<Probe | null>(null)
  const [asking, setAsking] = useState(false)
  const [problem, setProblem] = useState('')

  useEffect(() => {
    setProbe(null)
    if (probeId === null) return
    let left = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const ask = async () => {
      try {
        const found = await store.client.probe(probeId)
        if (left) return
        setProbe(found)
        if (found.status !== 'waiting') return
      } catch (error) {
        if (left) return
        if (error instanceof Problem && error.status === 404) return onId(null)
        if (error instanceof Problem && error.status === 401) return store.fail(error)
      }
      timer = setTimeout(() => void ask(), EVERY_MS)
    }
    void ask()
    return () => {
      left = true
      clearTimeout(timer)
    }
  }, [probeId])

  const begin = async (source: NewSource) => {
    setProblem('')
    setAsking(true)
    onId(null)
    try {
      onId((await store.client.newProbe(store.siteId.value, source)).probe_id)
    } catch (error) {
      if (error instanceof Problem && error.status === 401) store.fail(error)
      else setProblem(problemText(error))
    } finally {
      setAsking(false)
    }
  }

  const waiting = probeId !== null && (probe === null || probe.status === 'waiting')
  return { probe, busy: asking || waiting, problem, begin }
}
