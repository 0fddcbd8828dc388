// The frames of a run: a grid of thumbnails, and a dialog with one of them.
import type { Frame } from '../client'
import { h, keyed, setText, setAttribute, setVisible, type Row } from '../dom'
import { selectedJob, shownFrame, type Model } from '../model'
import { clockTime, timeOfDay } from '../format'

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
    { class: 'viewer', 'aria-label': 'Frame', onkeydown: (event: KeyboardEvent) => stepByKey(event), onclick: (event: MouseEvent) => closeBeside(event) },
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
    image.addEventListener('error', () => setAttribute(button, 'data-gone', true))
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
    setText(caption, `${clockTime(frame.media_ms)} · ${timeOfDay(frame.captured_at)} · ${frame.width} × ${frame.height}`)
    if (!viewer.open) viewer.showModal()
  }

  function stepByKey(event: KeyboardEvent): void {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (!step) return
    event.preventDefault()
    enlarge(open + step)
  }

  /** A click beside the picture closes it. */
  function closeBeside(event: MouseEvent): void {
    if (event.target === viewer) viewer.close()
  }

  function update(model: Model): void {
    const job = selectedJob(model)
    setVisible(element, job !== null)
    frames = model.frames
    fill(frames)
    const shown = shownFrame(model)?.frame_id
    for (const [at, child] of [...grid.children].entries()) setAttribute(child, 'data-shown', frames[at]?.frame_id === shown)
    const published = job?.frames.published ?? 0
    setText(count, frames.length < published ? `${frames.length} of ${published}` : `${frames.length}`)
    setVisible(more, model.moreFrames)
    setVisible(empty, frames.length === 0)
    setText(empty, job?.status === 'failed' ? 'No frames were made.' : 'None yet.')
  }

  return { element, update }
}
