// The frames of a run: a grid of small pictures, one of them enlarged on demand.
import type { Frame } from '../client'
import { h, keyed, say, set, show, type Row } from '../dom'
import { selectedJob, shownFrame, type Model } from '../model'
import { clockTime, timeOfDay } from '../words'

export function framesPanel(onMore: () => void, onChoose: (index: number) => void) {
  let frames: readonly Frame[] = []
  let open = 0
  const grid = h('ul', { class: 'frames' })
  const empty = h('p', { class: 'muted empty' })
  const more = h('button', { type: 'button', onclick: onMore }, 'Show more')
  const count = h('span', { class: 'muted small' })
  const element = h(
    'section',
    { class: 'card', 'aria-labelledby': 'frames-title' },
    h('div', { class: 'head' }, h('h2', { id: 'frames-title' }, 'Frames'), count),
    grid,
    empty,
    more,
  )

  const picture = h('img', { alt: '' })
  const caption = h('p', { class: 'mono' })
  const viewer = h(
    'dialog',
    { class: 'viewer', 'aria-label': 'Frame', onkeydown: (event: KeyboardEvent) => move(event), onclick: (event: MouseEvent) => leave(event) },
    picture,
    h(
      'div',
      { class: 'row' },
      h('button', { type: 'button', 'aria-label': 'Frame before', onclick: () => enlarge(open - 1) }, '←'),
      caption,
      h('button', { type: 'button', 'aria-label': 'Next frame', onclick: () => enlarge(open + 1) }, '→'),
      h('button', { type: 'button', onclick: () => viewer.close() }, 'Close'),
    ),
  )
  element.append(viewer)
  const fill = keyed<Frame>(grid, (frame) => frame.frame_id, (frame) => thumbnail(frame))

  function thumbnail(frame: Frame): Row<Frame> {
    const image = h('img', { src: frame.url, alt: '', loading: 'lazy', decoding: 'async', width: frame.width, height: frame.height })
    const text = h('span', { class: 'mono small' }, clockTime(frame.media_ms))
    const button = h('button', { type: 'button', 'aria-label': `Frame at ${clockTime(frame.media_ms)}` }, image, text)
    const element = h('li', {}, button)
    image.addEventListener('error', () => set(button, 'data-gone', true))
    button.addEventListener('click', () => enlarge(frames.findIndex((each) => each.frame_id === frame.frame_id)))
    return { element, update: () => undefined }
  }

  function enlarge(index: number): void {
    const frame = frames[index]
    if (!frame) return
    open = index
    onChoose(index)
    picture.src = frame.url
    picture.alt = `Frame at ${clockTime(frame.media_ms)}`
    say(caption, `${clockTime(frame.media_ms)} · ${timeOfDay(frame.captured_at)} · ${frame.width} × ${frame.height}`)
    if (!viewer.open) viewer.showModal()
  }

  function move(event: KeyboardEvent): void {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (!step) return
    event.preventDefault()
    enlarge(open + step)
  }

  /** A click beside the picture closes it. */
  function leave(event: MouseEvent): void {
    if (event.target === viewer) viewer.close()
  }

  function update(model: Model): void {
    const job = selectedJob(model)
    show(element, job !== null)
    frames = model.frames
    fill(frames)
    const shown = shownFrame(model)?.frame_id
    for (const [at, child] of [...grid.children].entries()) set(child, 'data-shown', frames[at]?.frame_id === shown)
    const published = job?.frames.published ?? 0
    say(count, frames.length < published ? `${frames.length} of ${published}` : `${frames.length}`)
    show(more, model.moreFrames)
    show(empty, frames.length === 0)
    say(empty, job?.status === 'failed' ? 'No frames were made.' : 'None yet.')
  }

  return { element, update }
}
