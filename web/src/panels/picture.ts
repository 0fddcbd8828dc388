// The selected frame with its tables, coloured by state, and the hazards on the floor.
import type { HazardAlert } from '../generated/events'
import type { Point } from '../client'
import { h, keyed, s, setText, setAttribute, setVisible, type Row } from '../dom'
import { CLOSED_HAZARDS, hazardsNow, selectedJob, shownFrame, tableLabel, tablesNow, type Model, type TableNow } from '../model'
import { clockTime, hazardTitle, timeOfDay, tone, displayName } from '../format'

// Width of the overlay in its own units: polygons are relative, text needs a size.
const WIDTH = 1600

export function picturePanel(onChoose: (index: number | null) => void) {
  let count = 0
  const image = h('img', { alt: '', decoding: 'async' })
  const tables = s('g')
  const hazards = s('g')
  const overlay = s('svg', { role: 'img', preserveAspectRatio: 'none' }, tables, hazards)
  const empty = h('p', { class: 'muted empty' })
  const stage = h('div', { class: 'stage' }, image, overlay, empty)
  const caption = h('span', { class: 'mono' })
  const slider = h('input', {
    type: 'range',
    min: 0,
    'aria-label': 'Frame',
    oninput: () => onChoose(Number(slider.value) >= count - 1 ? null : Number(slider.value)),
  })
  const follow = h('button', { type: 'button', onclick: () => onChoose(null) }, 'Newest')
  const bar = h('div', { class: 'scrub' }, caption, slider, follow)
  const element = h('section', { class: 'card picture', 'aria-label': 'Camera picture' }, stage, bar)
  image.addEventListener('error', () => image.removeAttribute('src'))

  const fillTables = keyed<TableNow>(tables, (each) => each.table.table_id, tableShape)
  const fillHazards = keyed<HazardAlert>(hazards, (each) => each.hazard_id, hazardShape)
  let label: (id: string) => string = (id) => id
  let height = 900

  function tableShape(): Row<TableNow> {
    const area = s('polygon', { 'vector-effect': 'non-scaling-stroke' })
    const back = s('rect', { rx: 8 })
    const text = s('text', { 'text-anchor': 'middle' })
    const element = s('g', { class: 'table' }, area, back, text)
    return {
      element,
      update({ table, state }) {
        setAttribute(element, 'data-state', tone(state))
        setAttribute(area, 'points', points(table.polygon))
        const [x, y] = center(table.polygon)
        const words = `${label(table.table_id)} · ${displayName(state)}`
        const width = words.length * 15 + 24
        for (const [name, value] of Object.entries({ x: x - width / 2, y: y - 22, width, height: 40 })) setAttribute(back, name, value)
        setAttribute(text, 'x', x)
        setAttribute(text, 'y', y + 6)
        setText(text, words)
      },
    }
  }

  function hazardShape(): Row<HazardAlert> {
    const box = s('rect', { 'vector-effect': 'non-scaling-stroke' })
    const text = s('text')
    const element = s('g', { class: 'spot' }, box, text)
    return {
      element,
      update(hazard) {
        const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = hazard.box ?? []
        const area = { x: x1 * WIDTH, y: y1 * height, width: (x2 - x1) * WIDTH, height: (y2 - y1) * height }
        for (const [name, value] of Object.entries(area)) setAttribute(box, name, value)
        setAttribute(text, 'x', area.x)
        setAttribute(text, 'y', area.y - 10)
        setText(text, hazardTitle(hazard, label))
      },
    }
  }

  const points = (polygon: readonly Point[]) => polygon.map(([x, y]) => `${x * WIDTH},${y * height}`).join(' ')

  const center = (polygon: readonly Point[]): Point => {
    const [xs, ys] = [polygon.map(([x]) => x), polygon.map(([, y]) => y)]
    return [((Math.min(...xs) + Math.max(...xs)) / 2) * WIDTH, ((Math.min(...ys) + Math.max(...ys)) / 2) * height]
  }

  function update(model: Model): void {
    const size = shownFrame(model) ?? model.live ?? model.layout?.reference ?? { width: 16, height: 9 }
    height = Math.round((WIDTH * size.height) / size.width)
    label = tableLabel(model)
    count = model.frames.length
    stage.style.aspectRatio = `${size.width} / ${size.height}`
    setAttribute(overlay, 'viewBox', `0 0 ${WIDTH} ${height}`)
    const seen = tablesNow(model)
    fillTables(seen)
    setAttribute(overlay, 'aria-label', seen.map((each) => `${label(each.table.table_id)} ${displayName(each.state)}`).join(', ') || 'No tables')
    fillHazards(hazardsNow(model).filter((hazard) => visible(hazard, model)))
    showFrame(model)
  }

  function showFrame(model: Model): void {
    const frame = shownFrame(model)
    const shown = frame ?? model.live
    // The link of a frame is new in each answer; the picture behind it is the same.
    if (shown && image.dataset['frame'] !== shown.frame_id) image.src = shown.url
    if (!shown) image.removeAttribute('src')
    image.dataset['frame'] = shown?.frame_id ?? ''
    setVisible(image, shown !== null)
    setVisible(bar, model.frames.length > 0)
    setText(caption, frame ? `${clockTime(frame.media_ms)}  ${timeOfDay(frame.captured_at)}` : '')
    setAttribute(slider, 'max', Math.max(0, count - 1))
    slider.value = String(frame ? model.frames.indexOf(frame) : 0)
    setAttribute(slider, 'aria-valuetext', frame ? clockTime(frame.media_ms) : null)
    setVisible(follow, model.chosen !== null)
    setVisible(empty, shown === null)
    setText(empty, emptyText(model))
  }

  return { element, update }
}

function emptyText(model: Model): string {
  const job = selectedJob(model)
  if (!job) {
    const status = model.subject && 'camera' in model.subject ? model.view.cameras.get(model.subject.camera) : undefined
    return status && status.status !== 'live' ? status.reason : 'No live pictures from this camera yet.'
  }
  const over = job.status === 'failed' || job.status === 'cancelled'
  return over ? 'There are no pictures of this video.' : 'Frames appear here as they are cut from the video.'
}

/** Whether an alert is open at the time of the frame that is shown. */
function visible(hazard: HazardAlert, model: Model): boolean {
  if (!hazard.box) return false
  const frame = model.chosen === null ? null : shownFrame(model)
  if (!frame) return !CLOSED_HAZARDS.has(hazard.status) && hazard.status !== 'cleared'
  return hazard.opened_at <= frame.captured_at && (frame.captured_at <= hazard.as_of || hazard.status === 'opened')
}
