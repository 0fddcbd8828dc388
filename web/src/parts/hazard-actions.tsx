// What a person can do about an alert: it answers at once, shows that it is under way, and says when it does not apply.
import { useEffect, useRef, useState } from 'preact/hooks'
import { Problem, type HazardAction } from '../client'
import { useStore } from '../context'
import type { HazardAlert } from '../generated/events'
import { T } from '../texts'

const ACTIONS: Record<string, HazardAction[]> = {
  opened: ['acknowledge', 'clear', 'dismiss'],
  acknowledged: ['clear', 'dismiss'],
  cleared: ['verify'],
}
const SLOW_MS = 10_000

/** `taken`: by the api. `problem`: why it was not. */
type Doing = { taken: boolean; slow: boolean; problem: string } | null
const BEGUN = { taken: false, slow: false, problem: '' }

/** An action was passed on when the api has taken it; it is done when the alert comes back changed. */
export function HazardActions({ hazard }: { hazard: HazardAlert }) {
  const store = useStore()
  const [doing, setDoing] = useState<Doing>(null)
  const [note, setNote] = useState('')
  useEffect(() => setDoing(null), [hazard.status])
  // What is taken may never be confirmed: after a while something else can be done.
  const waiting = doing !== null && !doing.problem && !(doing.taken && doing.slow)
  useEffect(() => {
    if (!waiting) return
    const timer = setTimeout(() => setDoing((known) => known && { ...known, slow: true }), SLOW_MS)
    return () => clearTimeout(timer)
  }, [waiting])

  const answer = useRef<HTMLParagraphElement>(null)
  const act = async (action: HazardAction) => {
    answer.current?.focus({ preventScroll: true }) // the button may not come back
    setDoing(BEGUN)
    try {
      await store.client.act(hazard.hazard_id, action, note.trim() || null)
      setDoing((known) => known && { ...known, taken: true })
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return store.fail(error)
      setDoing({ ...BEGUN, problem: error instanceof Problem ? `${error.message} (${error.code})` : String(error) })
    }
  }

  const possible = ACTIONS[hazard.status] ?? []
  if (possible.length === 0) return null
  if (!store.may('write')) return <p class="muted small">{T.hazards.mayNot}</p>
  return (
    <div class="acting">
      <label>
        {T.hazards.note}
        <input type="text" maxLength={1000} value={note} disabled={waiting} onInput={(event) => setNote(event.currentTarget.value)} />
      </label>
      <div class="buttons">
        {possible.map((action) => (
          <button key={action} type="button" class={action === possible[0] ? 'primary' : ''} disabled={waiting} onClick={() => void act(action)}>
            {T.hazards.actions[action]}
          </button>
        ))}
      </div>
      <p role="status" tabIndex={-1} ref={answer} class={doing?.problem ? 'error small' : 'muted small'}>{textOf(doing)}</p>
    </div>
  )
}

function textOf(doing: Doing): string {
  if (doing === null) return ''
  if (doing.problem) return doing.problem
  if (doing.slow) return T.hazards.slow
  return doing.taken ? T.hazards.passedOn : T.hazards.doing
}
