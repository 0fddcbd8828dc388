// Trying tables for a minute: they are judged, and nobody else hears of it. A tab finds it again after a reload.
import { useEffect, useState } from 'preact/hooks'
import { Problem, type DryRun, type NewLayout } from './client'
import { useStore } from './context'
import { useSending } from './request'
import { remember, remembered } from './tab'

const EVERY_MS = 2000
const PREFIX = 'tablewatch-dry-run/'

export interface DryRunning {
  /** What is known of it; null: there is none. */
  run: DryRun | null
  /** Whether more comes of it. */
  running: boolean
  busy: boolean
  /** Why it was not begun. */
  problem: string
  /** `layout`: null for the tables as they are saved. */
  begin: (layout: NewLayout | null, seconds: number) => void
  /** It is not looked at any more. */
  forget: () => void
}

export function useDryRun(cameraId: string): DryRunning {
  const store = useStore()
  const { busy, problem, send } = useSending()
  const [id, setId] = useState(() => remembered(PREFIX + cameraId))
  const [run, setRun] = useState<DryRun | null>(null)
  const follow = (next: string | null) => {
    remember(PREFIX + cameraId, next)
    setId(next)
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
        if (error instanceof Problem && error.status === 404) return follow(null) // older than a day
      }
      timer = setTimeout(() => void ask(), EVERY_MS)
    }
    void ask()
    return () => {
      over = true
      clearTimeout(timer)
    }
  }, [id])
  const begin = (layout: NewLayout | null, seconds: number) =>
    void send(async () => {
      const begun = await store.client.beginDryRun(cameraId, layout, seconds)
      setRun(begun)
      follow(begun.dry_run_id)
    })
  return { run, running: id !== null && run?.status !== 'done', busy, problem, begin, forget: () => follow(null) }
}
