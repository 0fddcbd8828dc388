// A dry run of tables as they are drawn: nobody else sees what comes of it. The device finds it again after a reload.
import { useEffect, useRef, useState } from 'preact/hooks'
import { Problem, type DryRun, type NewLayout } from './client'
import { useStore } from './context'
import { useOnce, useSending } from './request'
import { remember, remembered } from './remembered'

const EVERY_MS = 2000
const PREFIX = 'dry-run/'
const BEGUN_PREFIX = 'dry-run-begun/'

/** What the device remembers of a dry run that was begun on it. */
export interface Begun {
  /** Digest of the drawing that it is of. */
  digest: string
  /** When the answer came, ms by the clock of this device. */
  at: number
}

export interface DryRunning {
  /** What is known of it; null: there is none, or none was found yet. */
  run: DryRun | null
  /** Null: this device does not know. */
  begun: Begun | null
  /** Whether more comes of it. */
  running: boolean
  busy: boolean
  /** Why it was not begun. */
  problem: string
  /** `digest`: of the drawing that `layout` is of. */
  begin: (layout: NewLayout, digest: string, seconds: number) => void
  /** It is not looked at any more. */
  forget: () => void
}

export function useDryRun(cameraId: string): DryRunning {
  const store = useStore()
  const { busy, problem, send } = useSending()
  const [id, setId] = useState(() => remembered(PREFIX + cameraId))
  const [begun, setBegun] = useState(() => begunOf(cameraId))
  const [run, setRun] = useState<DryRun | null>(null)
  const once = useOnce()
  const count = useRef(0)
  const follow = (next: string | null, of: Begun | null) => {
    remember(PREFIX + cameraId, next)
    remember(BEGUN_PREFIX + cameraId, of && JSON.stringify(of))
    setId(next)
    setBegun(of)
  }
  useEffect(() => {
    if (id === null) return setRun(null)
    let over = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const ask = async () => {
      try {
        const found = await store.client.dryRun({ camera_id: cameraId, dry_run_id: id })
        if (over) return
        setRun(found)
        if (found.status === 'done') return
      } catch (error) {
        if (over) return
        if (error instanceof Problem && error.status === 401) return store.fail(error)
        if (error instanceof Problem && error.status === 404) return follow(null, null) // older than a day
      }
      timer = setTimeout(() => void ask(), EVERY_MS)
    }
    void ask()
    return () => {
      over = true
      clearTimeout(timer)
    }
  }, [id])
  const begin = (layout: NewLayout, digest: string, seconds: number) =>
    void send(async () => {
      const request = once(JSON.stringify([count.current, layout, seconds]))
      const found = await store.client.beginDryRun(cameraId, layout, seconds, request)
      count.current += 1 // the same tables once more are another dry run
      setRun(found)
      follow(found.dry_run_id, { digest, at: Date.now() })
    })
  return { run, begun, running: id !== null && run?.status !== 'done', busy, problem, begin, forget: () => follow(null, null) }
}

/** The device does not find it again. */
export function forgetDryRun(cameraId: string): void {
  remember(PREFIX + cameraId, null)
  remember(BEGUN_PREFIX + cameraId, null)
}

/** Nothing where the device has none, or something else. */
function begunOf(cameraId: string): Begun | null {
  try {
    const found = JSON.parse(remembered(BEGUN_PREFIX + cameraId) ?? 'null') as Begun | null
    return found && Number.isFinite(found.at) ? found : null
  } catch {
    return null
  }
}

/**
 * How much of a dry run is over, 0 to 1, and the seconds that are left. Counted from when its answer came: the clock of this
 * device may differ from that of the server, and does not from itself.
 */
export function elapsedOf({ began_at, until }: Pick<DryRun, 'began_at' | 'until'>, begun: Begun | null, now: number): { share: number; left: number } {
  const [from, to] = [Date.parse(began_at), Date.parse(until)]
  const over = now - (begun?.at ?? from)
  return { share: Math.min(1, Math.max(0, over / (to - from))), left: Math.max(0, Math.ceil((to - from - over) / 1000)) }
}
