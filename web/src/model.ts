// What the page shows right now, and the questions that several panels ask of it.
import type { HazardAlert, TableState } from './generated/events'
import type { Camera, Frame, Job, Layout, LayoutTable, Site, StreamState, View } from './client'
import { stateAt, stateNow } from './client'
import type { FeedLine } from './words'

/** What is looked at: the run of a video, or a camera as it is now. */
export type Subject = { video: string } | { camera: string } | null

export interface FeedEntry extends FeedLine {
  id: number
  at: number
}

export interface Model {
  sites: readonly Site[]
  cameras: readonly Camera[]
  view: View
  stream: StreamState
  /** Whether a snapshot has come. */
  loaded: boolean
  subject: Subject
  layout: Layout | null
  frames: readonly Frame[]
  moreFrames: boolean
  /** The frame in the picture; null follows the newest. */
  chosen: number | null
  feed: readonly FeedEntry[]
  now: number
}

export function selectedJob(model: Model): Job | null {
  return model.subject && 'video' in model.subject ? (model.view.videos.get(model.subject.video) ?? null) : null
}

/**
 * The frame in the picture: the chosen one, else the newest. While tables are still being concluded it is the one that
 * the newest conclusion is about, so that the states on the picture are those of the picture.
 */
export function shownFrame(model: Model): Frame | null {
  if (model.chosen !== null) return model.frames[model.chosen] ?? null
  const job = selectedJob(model)
  const told = job?.status === 'processing' ? newestConclusion(model, job.run_id) : null
  const found = told === null ? undefined : model.frames.findLast((frame) => frame.captured_at <= told)
  return found ?? model.frames.at(-1) ?? null
}

/** Capture time of the newest evidence behind any state of a run. */
export function newestConclusion(model: Model, run: string): string | null {
  const times = [...model.view.states.values()].filter((state) => state.run_id === run).map((state) => state.as_of)
  return times.sort().at(-1) ?? null
}

/** Milliseconds at which the run's media time is 0; null as long as no frame says so. */
export function runOrigin(model: Model): number | null {
  const first = model.frames[0]
  return first ? Date.parse(first.captured_at) - first.media_ms : null
}

export interface TableNow {
  table: LayoutTable
  /** As shown: of the chosen frame's time, or the newest. */
  state: string
  record: TableState | null
  key: string
}

/** Tables of the layout with their states; of what the layout lacks, the states alone. */
export function tablesNow(model: Model): TableNow[] {
  const run = selectedJob(model)?.run_id ?? null
  const at = model.chosen === null ? null : Date.parse(shownFrame(model)?.captured_at ?? '')
  const key = (id: string) => (run === null ? id : `${id}@${run}`)
  return (model.layout?.tables ?? []).map((table) => {
    const newest = model.view.states.get(key(table.table_id)) ?? null
    const record = at === null ? newest : stateAt(model.view, key(table.table_id), at)
    return { table, record, key: key(table.table_id), state: record ? stateNow(record, model.now) : 'unknown' }
  })
}

export function hazardsNow(model: Model): HazardAlert[] {
  const run = selectedJob(model)?.run_id ?? null
  const camera = model.subject && 'camera' in model.subject ? model.subject.camera : null
  return [...model.view.hazards.values()]
    .filter((hazard) => hazard.run_id === run && (camera === null || hazard.camera_id === camera))
    .sort((one, two) => two.opened_at.localeCompare(one.opened_at))
}

export function tableLabel(model: Model): (tableId: string) => string {
  const labels = new Map(model.layout?.tables.map((table) => [table.table_id, table.label]))
  return (id) => {
    const label = labels.get(id)
    return label === undefined ? `Table ${id.slice(-4)}` : /^\d/.test(label) ? `Table ${label}` : label
  }
}

export const CLOSED_HAZARDS = new Set(['verified', 'dismissed', 'expired'])
