// What is looked at, a video or a camera, and what several parts of a view derive from it. Pure.
import type { HazardAlert, TableState } from './generated/events'
import type { Frame, Job, Layout, LayoutTable, View } from './client'
import { stateAt, stateNow } from './client'
import { clockTime, displayName, tableName, type FeedLine } from './format'

/** What is selected: a video (its run), or a camera (live). */
export type Subject = { video: string } | { camera: string }

export interface FeedEntry extends FeedLine {
  id: number
  at: number
}

export interface Model {
  view: View
  subject: Subject
  layout: Layout | null
  frames: readonly Frame[]
  moreFrames: boolean
  /** The frame in the picture; null follows the newest. */
  chosen: number | null
  now: number
}

export function selectedJob(model: Model): Job | null {
  return 'video' in model.subject ? (model.view.videos.get(model.subject.video) ?? null) : null
}

/**
 * The frame in the picture: the chosen one, else the newest. While a run is under way it is the one that the newest
 * table state is about, so that the states on the picture belong to it.
 */
export function shownFrame(model: Model): Frame | null {
  if (model.chosen !== null) return model.frames[model.chosen] ?? null
  const job = selectedJob(model)
  const stateTime = job?.status === 'processing' ? newestStateTime(model, job.run_id) : null
  const found = stateTime === null ? undefined : model.frames.findLast((frame) => frame.captured_at <= stateTime)
  return found ?? model.frames.at(-1) ?? null
}

/**
 * The frame whose time the tables and hazards are of; null: they are the newest. Of a run whose newest frames are not
 * loaded they are those of the last frame that is.
 */
export function frameOfTime(model: Model): Frame | null {
  return model.chosen !== null || model.moreFrames ? shownFrame(model) : null
}

/** `as_of` of the newest state of a run: the capture time of its evidence. */
export function newestStateTime(model: Model, run: string): string | null {
  const times = [...model.view.states.values()].filter((state) => state.run_id === run).map((state) => state.as_of)
  return times.sort().at(-1) ?? null
}

/** The time, in ms, at which the run's media time is 0; null while no frame is known. */
export function runOrigin(model: Model): number | null {
  const first = model.frames[0]
  return first ? Date.parse(first.captured_at) - first.media_ms : null
}

export interface TableNow {
  table: LayoutTable
  /** The state at the time of `frameOfTime`, else the newest. */
  state: string
  record: TableState | null
  key: string
}

/** The tables of the layout with their states. */
export function tablesNow(model: Model): TableNow[] {
  const run = selectedJob(model)?.run_id ?? null
  const at = frameOfTime(model)?.captured_at
  const key = (id: string) => (run === null ? id : `${id}@${run}`)
  return (model.layout?.tables ?? []).map((table) => {
    const newest = model.view.states.get(key(table.table_id)) ?? null
    const record = at === undefined ? newest : stateAt(model.view, key(table.table_id), Date.parse(at))
    return { table, record, key: key(table.table_id), state: record ? stateNow(record, model.now) : 'unknown' }
  })
}

export function hazardsNow(model: Model): HazardAlert[] {
  const run = selectedJob(model)?.run_id ?? null
  const camera = 'camera' in model.subject ? model.subject.camera : null
  return [...model.view.hazards.values()]
    .filter((hazard) => hazard.run_id === run && (camera === null || hazard.camera_id === camera))
    .sort((one, two) => two.opened_at.localeCompare(one.opened_at))
}

/** Whether the alerts of the selected run are as they stay: the api refuses actions on them. */
export function hazardsEnded(model: Model): boolean {
  const job = selectedJob(model)
  if (job === null) return false
  return job.status === 'cancelled' || job.stages.some((stage) => stage.name === 'hazards' && stage.status === 'done')
}

export function tableLabel(model: Model): (tableId: string) => string {
  const labels = new Map(model.layout?.tables.map((table) => [table.table_id, table.label]))
  return (id) => {
    const label = labels.get(id)
    return label === undefined ? `Table ${id.slice(-4)}` : tableName(label)
  }
}

/** A table of a run became another state. */
export interface Change {
  key: string
  tableId: string
  state: string
  since: string
}

/** How the tables of a run changed, the earliest first. What a table was at first is no change. */
export function changesOf(model: Model): Change[] {
  const run = selectedJob(model)?.run_id
  const tables = model.layout?.tables ?? []
  return tables
    .flatMap(({ table_id: tableId }) =>
      (model.view.past.get(`${tableId}@${run}`) ?? []).slice(1).map(({ state, since }) => ({ key: `${tableId} ${since}`, tableId, state, since })),
    )
    .sort((one, other) => one.since.localeCompare(other.since))
}

/** The changes before and after the frame that is shown; null: there is none. */
export function changesAround(model: Model): { before: Change | null; next: Change | null } {
  const shown = shownFrame(model)
  if (!shown) return { before: null, next: null }
  const changes = changesOf(model)
  const earlier = model.frames[model.frames.indexOf(shown) - 1]
  return {
    before: (earlier && changes.findLast(({ since }) => since <= earlier.captured_at)) ?? null,
    next: changes.find(({ since }) => since > shown.captured_at) ?? null,
  }
}

/** The sharpest of the frames, where that is known; null: of none. */
export function bestFrame(frames: readonly Frame[]): number | null {
  const sharpness = frames.map((frame) => frame.sharpness ?? 0)
  const most = Math.max(0, ...sharpness)
  return most > 0 ? sharpness.indexOf(most) : null
}

/** A state of a table over a video, as fractions of its length. */
export interface Span {
  key: string
  state: string
  from: number
  to: number
  title: string
}

/** The states of a table over the video, as fractions of its length; the last one lasts until `end`, ms. */
export function spans(past: readonly TableState[], origin: number, length: number, end: number): Span[] {
  const fraction = (time: number) => Math.min(1, Math.max(0, (time - origin) / length))
  return past.map((state, at) => {
    const next = past[at + 1]
    const from = Date.parse(state.since)
    const to = next ? Date.parse(next.since) : end
    const title = `${displayName(state.state)} from ${clockTime(from - origin)}`
    return { key: `${state.version}`, state: state.state, from: fraction(from), to: fraction(to), title }
  })
}
