// The newest picture of a camera where nothing moves: in a list, or before its tables are drawn.
import { useEffect, useState } from 'preact/hooks'
import type { Camera, Client } from './client'
import { useStore } from './context'
import type { CameraStatus } from './generated/events'
import { SEES } from './watch'

const EVERY_MS = 10_000

/** The newest judged picture of a camera that sees; of another, and before there is one, its last good one. Looked for again while it is `wanted`. */
export function useStill(camera: Camera, wanted = true): KnownStill {
  const store = useStore()
  const { client, view } = store
  const [shown, setShown] = useState<Still | null>(null)
  const [asked, setAsked] = useState(false)
  const isJudged = store.tablesOf(camera.camera_id).length > 0
  const status = view.value.cameras.get(camera.camera_id)
  useEffect(() => {
    if (!wanted) return
    let left = false
    const load = async () => {
      if (document.hidden) return
      const found = await stillOf(client, camera, status, isJudged).catch(() => null)
      if (left) return
      if (found) setShown((known) => (known?.id === found.id ? known : found))
      setAsked(true)
    }
    void load()
    const timer = setInterval(() => void load(), EVERY_MS)
    return () => {
      left = true
      clearInterval(timer)
    }
  }, [camera.camera_id, status?.status, status?.snapshot_key, isJudged, wanted])
  const mayCome = (status?.snapshot_key ?? null) !== null || (isJudged && status !== undefined && SEES.has(status.status))
  return { shown, waiting: mayCome && !asked, isJudged, onGone: () => setShown(null) }
}

export interface KnownStill {
  shown: Still | null
  /** Whether it may still come: its room is kept. */
  waiting: boolean
  /** Whether its newest pictures are looked at: it has tables. */
  isJudged: boolean
  onGone: () => void
}

export interface Still {
  id: string
  url: string
}

async function stillOf(client: Client, camera: Camera, status: CameraStatus | undefined, isJudged: boolean): Promise<Still | null> {
  if (isJudged && status && SEES.has(status.status)) {
    const view = await client.cameraView(camera.camera_id)
    if (view) return { id: view.frame_id, url: view.url }
  }
  const key = status?.snapshot_key
  return key ? { id: key, url: (await client.link({ object_key: key })).url } : null
}
