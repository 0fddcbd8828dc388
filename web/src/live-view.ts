// The newest judged frame of a camera while it is wanted, and to whom everybody in it is given.
import { useEffect, useState } from 'preact/hooks'
import type { CameraView, Seen } from './client'
import { useStore } from './context'
import { SEES } from './watch'

const EVERY_MS = 2000

/** Null while it is not wanted, or the camera sees nothing. A frame is shown once its picture is there. */
export function useLiveView(cameraId: string, wanted: boolean): CameraView | null {
  const store = useStore()
  const [live, setLive] = useState<CameraView | null>(null)
  const sees = SEES.has(store.view.value.cameras.get(cameraId)?.status ?? '')
  useEffect(() => {
    if (!wanted || !sees) return setLive(null)
    let over = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const load = async () => {
      const found = document.hidden ? null : await store.client.cameraView(cameraId).catch(() => null) // asked for again
      if (found) await isLoaded(found.url)
      if (over) return
      if (found) setLive((known) => (known?.frame_id === found.frame_id ? known : found))
      timer = setTimeout(() => void load(), EVERY_MS)
    }
    void load()
    return () => {
      over = true
      clearTimeout(timer)
    }
  }, [cameraId, wanted, sees])
  return live
}

function isLoaded(url: string): Promise<void> {
  return new Promise((resolve) => {
    const image = new Image()
    image.onload = image.onerror = () => resolve()
    image.src = url
  })
}

/** How a person counts: at a table, perhaps at one, at none, or passed over. */
export type Given = 'given' | 'doubtful' | 'nowhere' | 'ignored'

export function givenAs({ table_id, doubtful, ignored }: Seen): Given {
  if (ignored ?? null) return 'ignored'
  if (doubtful) return 'doubtful'
  return table_id === null ? 'nowhere' : 'given'
}
