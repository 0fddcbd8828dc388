// The link to a picture of a run. It is new in each answer while the picture behind it is the same, so the first link stays until
// it has expired; then a newer one is asked for once.
import { useRef, useState } from 'preact/hooks'
import type { Frame } from './client'

/** Resolves with the newest link to a frame; null: there is none. */
export type Renew = (frame: Frame) => Promise<string | null>

export interface FrameLink {
  url: string
  /** Whether the picture cannot be loaded by a new link either. */
  gone: boolean
  onError: () => void
}

/** Of one frame: of another one it is another component. */
export function useFrameLink(frame: Frame, renew: Renew): FrameLink {
  const [url, setUrl] = useState(frame.url)
  const [gone, setGone] = useState(false)
  const asked = useRef(false)
  const askOnce = async () => {
    const isFirst = !asked.current
    asked.current = true
    const next = isFirst ? await renew(frame) : null
    if (next === null || next === url) setGone(true)
    else setUrl(next)
  }
  return { url, gone, onError: () => void askOnce() }
}
