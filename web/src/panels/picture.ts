// The camera's picture with its tables, coloured by state, and what lies on the floor.
import type { HazardAlert } from '../generated/events'
import type { Job, Point } from '../client'
import { h, keyed, s, say, set, show, type Row } from '../dom'
import { CLOSED_HAZARDS, hazardsNow, selectedJob, shownFrame, tableLabel, tablesNow, type Model, type TableNow } from '../model'
import { clockTime, hazardTitle, timeOfDay, tone, word } from '../words'

// The overlay's own units: polygons are relative, text needs a size.
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
        set(element, 'data-state', tone(state))
        set(area, 'points', points(table.polygon))
        const [x, y] = center(table.polygon)
        const words = `${label(table.table_id)} · ${word(state)}`
        const width = words.length * 15 + 24
        for (const [name, value] of Object.entries({ x: x - width / 2, y: y - 22, width, height: 40 })) set(back, name, value)
        set(text, 'x', x)
        set(text, 'y', y + 6)
        say(text, words)
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
        const place = { x: x1 * WIDTH, y: y1 * height, width: (x2 - x1) * WIDTH, height: (y2 - y1) * height }
        for (const [name, value] of Object.entries(place)) set(box, name, value)
        set(text, 'x', place.x)
        set(text, 'y', place.y - 10)
        say(text, hazardTitle(hazard, label))
      },
    }
  }

  const points = (polygon: readonly Point[]) => polygon.map(([x, y]) => `${x * WIDTH},${y * height}`).join(' ')

  const center = (polygon: readonly Point[]): Point => {
    const [xs, ys] = [polygon.map(([x]) => x), polygon.map(([, y]) => y)]
    return [((Math.min(...xs) + Math.max(...xs)) / 2) * WIDTH, ((Math.min(...ys) + Math.max(...ys)) / 2) * height]
  }

  function update(model: Model): void {
    const frame = shownFrame(model)
    const size = frame ?? model.layout?.reference ?? { width: 16, height: 9 }
    height = Math.round((WIDTH * size.height) / size.width)
    label = tableLabel(model)
    count = model.frames.length
    stage.style.aspectRatio = `${size.width} / ${size.height}`
    set(overlay, 'viewBox', `0 0 ${WIDTH} ${height}`)
    const seen = tablesNow(model)
    fillTables(seen)
    set(overlay, 'aria-label', seen.map((each) => `${label(each.table.table_id)} ${word(each.state)}`).join(', ') || 'No tables')
    fillHazards(hazardsNow(model).filter((hazard) => visible(hazard, model)))
    showFrame(model)
  }

  function showFrame(model: Model): void {
    const frame = shownFrame(model)
    // The link of a frame changes whenever it is asked for; its picture does not.
    if (frame && image.dataset['frame'] !== frame.frame_id) image.src = frame.url
    if (!frame) image.removeAttribute('src')
    image.dataset['frame'] = frame?.frame_id ?? ''
    show(image, frame !== null)
    show(bar, model.frames.length > 0)
    say(caption, frame ? `${clockTime(frame.media_ms)}  ${timeOfDay(frame.captured_at)}` : '')
    set(slider, 'max', Math.max(0, count - 1))
    slider.value = String(frame ? model.frames.indexOf(frame) : 0)
    set(slider, 'aria-valuetext', frame ? clockTime(frame.media_ms) : null)
    show(follow, model.chosen !== null)
    show(empty, frame === null)
    say(empty, nothing(selectedJob(model)))
  }

  return { element, update }
}

function nothing(job: Job | null): string {
  if (!job) return 'No live pictures from this camera.'
  const over = job.status === 'failed' || job.status === 'cancelled'
  return over ? 'There are no pictures of this video.' : 'Frames appear here as they are cut from the video.'
}

/** Whether an alert is on the floor in the picture: opened by then, and not closed since. */
function visible(hazard: HazardAlert, model: Model): boolean {
  if (!hazard.box) return false
  const frame = model.chosen === null ? null : shownFrame(model)
  if (!frame) return !CLOSED_HAZARDS.has(hazard.status) && hazard.status !== 'cleared'
  return hazard.opened_at <= frame.captured_at && (frame.captured_at <= hazard.as_of || hazard.status === 'opened')
}
