// The frames of a run: a grid of thumbnails, and a dialog with one of them.
import { useRef, useState } from 'preact/hooks'
import type { Frame } from '../client'
import { clockTime, timeOfDay } from '../format'
import { bestFrame, selectedJob, shownFrame, type Model } from '../model'
import { T } from '../texts'

export function FramesCard({ model, onMore, onChoose }: { model: Model; onMore: () => void; onChoose: (index: number) => void }) {
  const viewer = useRef<HTMLDialogElement>(null)
  const [open, setOpen] = useState<number | null>(null)
  const { frames } = model
  const job = selectedJob(model)
  const shown = shownFrame(model)?.frame_id
  const published = job?.frames.published ?? 0

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
        {frames.length > 0 && (
          <div class="buttons">
            <button type="button" onClick={() => enlarge(0)}>{T.frames.first}</button>
            {best !== null && <button type="button" onClick={() => enlarge(best)}>{T.frames.best}</button>}
          </div>
        )}
      </div>
      <ul class="frames">
        {frames.map((each, index) => (
          <Thumbnail key={each.frame_id} frame={each} shown={each.frame_id === shown} onOpen={() => enlarge(index)} />
        ))}
      </ul>
      {frames.length === 0 && <p class="muted empty">{job?.status === 'failed' ? T.frames.noneMade : T.frames.none}</p>}
      {model.moreFrames && <button type="button" onClick={onMore}>{T.more}</button>}
      <dialog class="viewer" aria-label={T.frames.one} ref={viewer} onKeyDown={stepByKey} onClick={closeBeside}>
        {frame && <img src={frame.url} alt={T.frames.at(clockTime(frame.media_ms))} />}
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

/** A link is new in each answer, the picture behind it is the same: the first link stays. */
function Thumbnail({ frame, shown, onOpen }: { frame: Frame; shown: boolean; onOpen: () => void }) {
  const [url] = useState(frame.url)
  const [gone, setGone] = useState(false)
  return (
    <li data-shown={shown || undefined}>
      <button type="button" aria-label={T.frames.at(clockTime(frame.media_ms))} data-gone={gone || undefined} onClick={onOpen}>
        <img src={url} alt="" loading="lazy" decoding="async" width={frame.width} height={frame.height} onError={() => setGone(true)} />
        <span class="mono small">{clockTime(frame.media_ms)}</span>
      </button>
    </li>
  )
}
