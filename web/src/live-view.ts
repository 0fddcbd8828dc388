// The newest judged frame of a camera while it is wanted, and to whom everybody in it is given.
import { useEffect, useState } from 'preact/hooks'
import type { CameraView, Seen } from './client'
import { useStore } from './context'
import { SEES } from './watch'

/** Null while it is not wanted, or the camera sees nothing. A frame is shown once its picture is there. */
export function useLiveView(cameraId: string, wanted: boolean): CameraView | null {
  const store = useStore()
  const [live, setLive] = useState<CameraView | null>(null)
  const sees = SEES.has(store.view.value.cameras.get(cameraId)?.status ?? '')
  useEffect(() => {
    if (!wanted || !sees) return setLive(null)
    return newestLoaded((onView) => store.liveViews.look(cameraId, onView), setLive)
  }, [cameraId, wanted, sees])
  return live
}

/** Shows each frame once its picture is loaded; of those that come meanwhile the newest alone. */
function newestLoaded(look: (onView: (view: CameraView) => void) => () => void, show: (view: CameraView) => void): () => void {
  let next: CameraView | null = null
  let isLoading = false
  let over = false
  const load = async () => {
    if (isLoading) return
    isLoading = true
    while (next && !over) {
      const view: CameraView = next
      next = null
      await isLoaded(view.url)
      if (!over) show(view)
    }
    isLoading = false
  }
  const leave = look((view) => {
    next = view
    void load()
  })
  return () => {
    over = true
    leave()
  }
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
