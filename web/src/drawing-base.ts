// What the tables of a camera are drawn on: its newest picture, and the layout that they are in already.
import { useEffect, useState } from 'preact/hooks'
import { Problem, type Client, type Layout, type LayoutHint, type Tagged } from './client'
import { useStore } from './context'
import type { CameraStatus } from './generated/events'
import type { Size } from './parts/geometry'

export interface DrawingBase {
  /** Null: the camera has none yet. */
  layout: Tagged<Layout> | null
  picture: (Size & { url: string }) | null
  hints: readonly LayoutHint[]
}

export interface LoadedBase {
  /** Null: it is loaded, or was not. */
  base: DrawingBase | null
  failed: boolean
  again: () => void
  /** Another one each time it is loaded. */
  round: number
}

/** Loaded while it is `wanted`. A camera that has just become live has its first picture a moment later: then once more. */
export function useDrawingBase(id: string, wanted: boolean): LoadedBase {
  const store = useStore()
  const [base, setBase] = useState<DrawingBase | null>(null)
  const [round, setRound] = useState(0)
  const [failed, setFailed] = useState(false)
  const [tried, setTried] = useState<string | null>(null)
  const known = wanted && store.loaded.value
  const status = store.view.value.cameras.get(id)
  const snapshot = status?.snapshot_key ?? null
  useEffect(() => {
    setBase(null)
    setFailed(false)
    if (!known) return
    let left = false
    load(store.client, id, status).then(
      (found) => !left && setBase(found),
      (error: unknown) => {
        if (left) return
        setFailed(true)
        store.fail(error)
      },
    )
    return () => void (left = true)
  }, [id, known, round])
  useEffect(() => {
    if (base?.picture !== null || snapshot === null || snapshot === tried) return
    setTried(snapshot)
    again()
  }, [base, snapshot, tried])
  const again = () => {
    setBase(null)
    setRound(round + 1)
  }
  return { base, failed, again, round }
}

async function load(client: Client, id: string, status: CameraStatus | undefined): Promise<DrawingBase> {
  const missing = (error: unknown) => {
    if (error instanceof Problem && error.status === 404) return null
    throw error
  }
  const [layout, picture] = await Promise.all([client.taggedLayout(id).catch(missing), pictureOf(client, id, status)])
  const hints = layout === null ? [] : await client.layoutHints(id)
  return { layout, picture, hints }
}

/** The newest picture: of a camera that was moved the one in which its tables were looked for. */
async function pictureOf(client: Client, id: string, status: CameraStatus | undefined): Promise<DrawingBase['picture']> {
  const key = status?.layout_proposal?.after_key ?? null
  if (key === null) {
    const view = await client.cameraView(id)
    if (view) return { url: view.url, width: view.width, height: view.height }
  }
  const found = key ?? status?.snapshot_key ?? null
  return found === null ? null : measured((await client.link({ object_key: found })).url)
}

function measured(url: string): Promise<DrawingBase['picture']> {
  return new Promise((resolve) => {
    const image = new Image()
    image.onload = () => resolve({ url, width: image.naturalWidth, height: image.naturalHeight })
    image.onerror = () => resolve(null)
    image.src = url
  })
}
