// The state of a site: a snapshot, then one delta after another. Pure: `apply` returns a new view.
import type { CameraStatus, HazardAlert, TableState } from '../generated/events'
import type { Job, Snapshot } from './documents'

export interface View {
  siteId: string
  videos: ReadonlyMap<string, Job>
  /** By `table_id` when live, `table_id@run_id` in a run. */
  states: ReadonlyMap<string, TableState>
  hazards: ReadonlyMap<string, HazardAlert>
  cameras: ReadonlyMap<string, CameraStatus>
  /** States that tables of runs had, oldest first, by key; those that this client received. */
  past: ReadonlyMap<string, readonly TableState[]>
}

export interface Delta {
  type: string
  data: unknown
}

export function emptyView(siteId: string): View {
  const none = new Map<never, never>()
  return { siteId, videos: none, states: none, hazards: none, cameras: none, past: none }
}

export function stateKey(state: Pick<TableState, 'table_id' | 'run_id'>): string {
  return state.run_id === null ? state.table_id : `${state.table_id}@${state.run_id}`
}

/** The view of a snapshot; `past` is taken from `before`, because a snapshot has none. */
export function fromSnapshot(snapshot: Snapshot, before: View = emptyView(snapshot.site_id)): View {
  const index = <Item>(items: Item[], key: (item: Item) => string) => new Map(items.map((item) => [key(item), item]))
  const view: View = {
    siteId: snapshot.site_id,
    videos: index(snapshot.videos, (job) => job.video_id),
    states: index(snapshot.states, stateKey),
    hazards: index(snapshot.hazards, (hazard) => hazard.hazard_id),
    cameras: index(snapshot.cameras, (camera) => camera.camera_id),
    past: before.siteId === snapshot.site_id ? before.past : new Map(),
  }
  return snapshot.states.reduce((known, state) => ({ ...known, past: withPast(known.past, state) }), view)
}

/** The view after one event of the stream. Types that this client does not know change nothing. */
export function apply(view: View, delta: Delta): View {
  switch (delta.type) {
    case 'snapshot':
      return fromSnapshot(delta.data as Snapshot, view)
    case 'video.job': {
      const job = delta.data as Job
      return { ...view, videos: put(view.videos, job.video_id, job) }
    }
    case 'video.deleted': {
      const { video_id } = delta.data as { video_id: string }
      return withoutVideo(view, video_id)
    }
    case 'table.state': {
      const state = delta.data as TableState
      const past = withPast(view.past, state)
      return newer(view.states.get(stateKey(state)), state)
        ? { ...view, states: put(view.states, stateKey(state), state), past }
        : { ...view, past }
    }
    case 'hazard.alert': {
      const hazard = delta.data as HazardAlert
      if (hazard.status === 'ended' || !newer(view.hazards.get(hazard.hazard_id), hazard)) return view
      return { ...view, hazards: put(view.hazards, hazard.hazard_id, hazard) }
    }
    case 'camera.status': {
      const camera = delta.data as CameraStatus
      if (!newer(view.cameras.get(camera.camera_id), camera)) return view
      return { ...view, cameras: put(view.cameras, camera.camera_id, camera) }
    }
    case 'table.state.deleted':
      return { ...view, states: drop(view.states, (delta.data as { state_key: string }).state_key) }
    case 'hazard.alert.deleted':
      return { ...view, hazards: drop(view.hazards, (delta.data as { hazard_id: string }).hazard_id) }
    case 'camera.status.deleted':
      return { ...view, cameras: drop(view.cameras, (delta.data as { camera_id: string }).camera_id) }
    default:
      return view
  }
}

/** The state at `now`, ms: a live one is unknown after its `expires_at`; states of a run do not expire. */
export function stateNow(state: TableState, now: number): string {
  return state.run_id === null && Date.parse(state.expires_at) <= now ? 'unknown' : state.state
}

/** The state that a table of a run had at a time of the run, ms; null if this client did not receive it. */
export function stateAt(view: View, key: string, at: number): TableState | null {
  const past = view.past.get(key) ?? []
  return past.findLast((state) => Date.parse(state.since) <= at) ?? null
}

function newer(known: { version: number } | undefined, given: { version: number }): boolean {
  return known === undefined || given.version > known.version
}

function put<Item>(map: ReadonlyMap<string, Item>, key: string, item: Item): ReadonlyMap<string, Item> {
  return new Map(map).set(key, item)
}

function drop<Item>(map: ReadonlyMap<string, Item>, key: string): ReadonlyMap<string, Item> {
  return new Map([...map].filter(([other]) => other !== key))
}

function withoutVideo(view: View, videoId: string): View {
  const run = view.videos.get(videoId)?.run_id
  const others = <Item extends { run_id: string | null }>(map: ReadonlyMap<string, Item>) =>
    new Map([...map].filter(([, item]) => item.run_id === null || item.run_id !== run))
  return { ...view, videos: drop(view.videos, videoId), states: others(view.states), hazards: others(view.hazards) }
}

/** Adds a state of a run to `past`, once for each transition (a confirmation repeats the state). */
function withPast(past: View['past'], state: TableState): View['past'] {
  if (state.run_id === null) return past
  const key = stateKey(state)
  const known = past.get(key) ?? []
  if (known.some((other) => other.since === state.since && other.state === state.state)) return past
  const all = [...known, state].sort((one, two) => one.version - two.version)
  return new Map(past).set(key, all)
}
