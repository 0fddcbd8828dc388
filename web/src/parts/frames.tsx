// The frames of a run: by time, and a dialog with one of them.
import { useRef, useState } from 'preact/hooks'
import type { Frame } from '../client'
import { useFrameLink, type Renew } from '../frame-link'
import { clockTime, timeOfDay } from '../format'
import { bestFrame, runOrigin, selectedJob, shownFrame, type Model } from '../model'
import { T } from '../texts'
import { Gallery, Moments } from './gallery'

interface FramesCardProps {
  model: Model
  onMore: () => void
  onChoose: (index: number) => void
  /** To a media time in ms, whose frames may not be loaded yet. */
  onJump: (ms: number) => void
  /** Whether those of a jump are being loaded. */
  jumping: boolean
  onRenew: Renew
}

export function FramesCard({ model, onMore, onChoose, onJump, jumping, onRenew }: FramesCardProps) {
  const viewer = useRef<HTMLDialogElement>(null)
  const [open, setOpen] = useState<number | null>(null)
  const { frames } = model
  const job = selectedJob(model)
  const shown = shownFrame(model)?.frame_id
  const published = job?.frames.published ?? 0
  const length = job?.video?.duration_ms ?? frames.at(-1)?.media_ms ?? 0
  const origin = job?.started_at ? runOrigin(model) : null // otherwise the time of day is that of the upload

  const enlarge = (index: number) => {
    if (!frames[index]) return
    setOpen(index)
    onChoose(index)
    if (!viewer.current?.open) viewer.current?.showModal()
  }
  const stepByKey = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (!step || open === null) return
    event.preventDefault()
    enlarge(open + step)
  }
  const closeBeside = (event: MouseEvent) => {
    if (event.target === viewer.current) viewer.current?.close()
  }
  const frame = open === null ? undefined : frames[open]
  const best = bestFrame(frames)
  return (
    <section class="card" aria-labelledby="frames-title">
      <div class="head">
        <h2 id="frames-title">{T.frames.title}</h2>
        <span class="muted small">{frames.length < published ? `${frames.length} of ${published}` : frames.length}</span>
        <span class="muted small" role="status">{jumping && T.loading}</span>
        {frames.length > 0 && (
          <div class="buttons">
            <Moments length={length} origin={origin} onJump={onJump} />
            <button type="button" onClick={() => enlarge(0)}>{T.frames.first}</button>
            {best !== null && <button type="button" onClick={() => enlarge(best)}>{T.frames.best}</button>}
          </div>
        )}
      </div>
      <Gallery frames={frames} chosen={model.chosen} shown={shown} origin={origin} onOpen={enlarge} onRenew={onRenew} />
      {frames.length === 0 && <p class="muted empty">{job?.status === 'failed' ? T.frames.noneMade : T.frames.none}</p>}
      {model.moreFrames && <button type="button" onClick={onMore}>{T.more}</button>}
      <dialog class="viewer" aria-label={T.frames.one} ref={viewer} onKeyDown={stepByKey} onClick={closeBeside}>
        {frame && <Enlarged key={frame.frame_id} frame={frame} onRenew={onRenew} />}
        <div class="row">
          <button type="button" aria-label={T.frames.before} onClick={() => enlarge((open ?? 0) - 1)}>←</button>
          <p class="mono">{frame && `${clockTime(frame.media_ms)} · ${timeOfDay(frame.captured_at)} · ${frame.width} × ${frame.height}`}</p>
          <button type="button" aria-label={T.frames.next} onClick={() => enlarge((open ?? 0) + 1)}>→</button>
          <button type="button" onClick={() => viewer.current?.close()}>{T.close}</button>
        </div>
      </dialog>
    </section>
  )
}

function Enlarged({ frame, onRenew }: { frame: Frame; onRenew: Renew }) {
  const { url, onError } = useFrameLink(frame, onRenew)
  return <img src={url} alt={T.frames.at(clockTime(frame.media_ms))} onError={onError} />
}
