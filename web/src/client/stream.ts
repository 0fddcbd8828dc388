// The event stream of a site: EventSource with snapshot, deltas and resumption.
//
// The browser reconnects by itself with Last-Event-ID, and the server goes on from there or sends a new snapshot.
// Only when the server ends the stream for good (an HTTP error) the browser gives up; then this opens another one,
// with the last id in the query, after a pause that doubles. `resume` comes before the server hangs up on a client that
// fell too far behind: nothing has to be done, the browser comes back with its last id. After `site.deleted` nothing
// follows, and the stream is not opened again.
import type { Delta } from './view'

export type StreamState = 'connecting' | 'live' | 'waiting' | 'closed'

export const TYPES = [
  'snapshot',
  'video.job',
  'video.deleted',
  'table.state',
  'table.state.deleted',
  'table.group',
  'hazard.alert',
  'hazard.alert.deleted',
  'camera.status',
  'camera.config',
  'camera.deleted',
  'site.changed',
  'site.deleted',
  'section.changed',
  'section.deleted',
  'resume',
] as const

export type Topic = 'video.job' | 'table.state' | 'table.group' | 'hazard.alert' | 'camera.status' | 'camera.config'

export interface StreamOptions {
  siteId: string
  /** These narrow what is told; snapshots too. */
  runId?: string
  cameraId?: string
  tableId?: string
  topics?: Topic[]
  /** `epoch-seq` of the last event seen; `epoch-0` replays what the log still has. */
  lastEventId?: string
  base?: string
  onEvent: (delta: Delta, id: string) => void
  onState?: (state: StreamState) => void
  /** For tests. */
  EventSource?: typeof EventSource
  pauseMs?: number
}

const LONGEST_PAUSE_MS = 30_000

/** Opens the stream; call what it returns to close it. */
export function openStream(options: StreamOptions): () => void {
  const Source = options.EventSource ?? EventSource
  const first = options.pauseMs ?? 1000
  let lastId = options.lastEventId ?? ''
  let pause = first
  let source: EventSource
  let timer: ReturnType<typeof setTimeout> | undefined

  const tell = (state: StreamState) => options.onState?.(state)

  const receive = (event: MessageEvent<string>) => {
    if (event.lastEventId) lastId = event.lastEventId
    if (event.type === 'site.deleted') close()
    options.onEvent({ type: event.type, data: JSON.parse(event.data) }, event.lastEventId)
  }

  const open = () => {
    tell('connecting')
    source = new Source(address(options, lastId), { withCredentials: true })
    for (const type of TYPES) source.addEventListener(type, receive as (event: Event) => void)
    source.onopen = () => {
      pause = first
      tell('live')
    }
    source.onerror = () => {
      if (source.readyState !== Source.CLOSED) return tell('connecting')
      tell('waiting')
      timer = setTimeout(open, pause)
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
    }
  }

  const close = () => {
    clearTimeout(timer)
    source.close()
    tell('closed')
  }

  open()
  return close
}

function address(options: StreamOptions, lastId: string): string {
  const query = new URLSearchParams({ site_id: options.siteId })
  if (options.runId) query.set('run_id', options.runId)
  if (options.cameraId) query.set('camera_id', options.cameraId)
  if (options.tableId) query.set('table_id', options.tableId)
  for (const topic of options.topics ?? []) query.append('topic', topic)
  if (lastId) query.set('last_event_id', lastId)
  return `${options.base ?? ''}/v1/events?${query}`
}
