// Which parts of tablewatch work now, for somebody who does not operate it.
import { useEffect, useState } from 'preact/hooks'
import { Problem, type SystemHealth, type SystemPart } from '../client'
import { useStore } from '../context'
import { T } from '../texts'

const W = T.system
const EVERY_MS = 15_000
/** Those of the health of cameras. */
const SHADES = { well: 'live', away: 'offline', unknown: 'none' }

/** `unreachable`: nothing was answered; null: nothing yet. */
type Known = SystemHealth | 'unreachable' | null

export function SystemHealthCard() {
  const known = useSystemHealth()
  const found = known === 'unreachable' ? null : known
  return (
    <section class="card" aria-labelledby="system">
      <h2 id="system">{W.title}</h2>
      <p role="status">{summary(known)}</p>
      <ul class="parts">
        {Object.entries(W.parts).map(([part, name]) => <Part key={part} name={name} state={found?.parts.find((each) => each.part === part)?.state ?? 'unknown'} />)}
      </ul>
      <p class="muted small">{found ? W.version(found.version) : '\u00a0'}</p>
    </section>
  )
}

function Part({ name, state }: { name: string; state: SystemPart['state'] }) {
  return (
    <li>
      <span class="dot" data-status={SHADES[state]} aria-hidden="true" />
      <span>{name}</span>
      <span class="muted small">{W.states[state]}</span>
    </li>
  )
}

function summary(known: Known): string {
  if (known === null) return T.loading
  if (known === 'unreachable') return W.unreachable
  if (known.parts.some(({ state }) => state === 'away')) return W.notAll
  return known.parts.every(({ state }) => state === 'well') ? W.allWell : W.unknown
}

/** Asked for again while the view is open and looked at. */
function useSystemHealth(): Known {
  const store = useStore()
  const [known, setKnown] = useState<Known>(null)
  useEffect(() => {
    let left = false
    const ask = async () => {
      if (document.hidden) return
      try {
        const found = await store.client.systemHealth()
        if (!left) setKnown(found)
      } catch (error) {
        if (left) return
        if (error instanceof Problem && error.status === 401) return store.fail(error)
        setKnown('unreachable')
      }
    }
    void ask()
    const timer = setInterval(() => void ask(), EVERY_MS)
    return () => {
      left = true
      clearInterval(timer)
    }
  }, [])
  return known
}
