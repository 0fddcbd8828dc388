// The newest judged frame of a camera while it is wanted, and to whom everybody in it is given.
import { useEffect, useState } from 'preact/hooks'
import type { CameraView, Seen } from './client'
import { useStore } from './context'
import { newestLoaded } from './loaded'
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

/** How a person counts: at a table, perhaps at one, at none, or passed over. */
export type Given = 'given' | 'doubtful' | 'nowhere' | 'ignored'

export function givenAs({ table_id, doubtful, ignored }: Seen): Given {
  if (ignored ?? null) return 'ignored'
  if (doubtful) return 'doubtful'
  return table_id === null ? 'nowhere' : 'given'
}
