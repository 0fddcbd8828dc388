// The event stream of a site: EventSource with snapshot, deltas and resumption.
//
// The browser reconnects by itself with Last-Event-ID, and the server resumes there or sends a new snapshot. Only after
// an HTTP error the browser does not reconnect; then this opens a new stream, with the last id in the query, after a
// delay that doubles, and without the `views` that were asked for, one of which the error may be of: these are tried again
// some minutes after the stream is live. The server sends `resume` before it closes the connection of a client that is too far behind:
// the browser reconnects with its last id. When the last id cannot be resumed from it sends one `resync`, then a
// snapshot. A `heartbeat` only moves the last id past what a filter has left out. `site.deleted` is the last event; the stream is not opened again.
//
// A connection that is half open (the network changed, the machine slept) brings nothing and no error either. So a stream
// that was silent for a minute is opened again after its last id, which costs one request where all was well.
import { STREAMED } from '../generated/events'
import type { CameraView } from './documents'
import type { Delta } from './view'

/** `paused`: the tab is hidden, see shared.ts. */
export type StreamState = 'connecting' | 'live' | 'waiting' | 'paused' | 'closed'

/** Events of the api itself; `camera.config` and its end are its own, beside the topic of that name. */
const API_TYPES = [
  'snapshot',
  'video.job',
  'video.deleted',
  'camera.config',
  'camera.state',
  'camera.deleted',
  'site.changed',
  'site.deleted',
  'section.changed',
  'section.deleted',
  'resume',
  'resync',
  'heartbeat',
] as const

/** What the browser listens for: an event of another type is not received. */
export const TYPES: readonly string[] = [...API_TYPES, ...STREAMED, ...STREAMED.map((topic) => `${topic}.deleted`)]

/** Only to a stream that asks for `views`. */
export const VIEW = 'camera.view'

export type Topic = 'video.job' | 'camera.config' | 'camera.state' | (typeof STREAMED)[number]

export interface StreamOptions {
  siteId: string
  /** These filter the events and the snapshot. */
  runId?: string
  cameraId?: string
  tableId?: string
  topics?: Topic[]
  /** `epoch-seq` of the last event received; `epoch-0` replays what the log still has. */
  lastEventId?: string
  /** Cameras (`cam_…`) or runs (`run_…`) of the site whose newest judged frame comes to `onView`. */
  views?: readonly string[]
  base?: string
  onEvent: (delta: Delta, id: string) => void
  onState?: (state: StreamState) => void
  /** A heartbeat: a filter has left out everything up to this id. */
  onPosition?: (id: string) => void
  /** The newest judged frame of one of `views`. It has no id: it is in no log, and nothing is resumed of it. */
  onView?: (view: CameraView) => void
  /** For tests. */
  EventSource?: typeof EventSource
  delayMs?: number
  silentMs?: number
}

/** An open stream: called, it closes. */
export interface OpenStream {
  (): void
  /**
   * Asks for other `views`. The stream is opened again after its last id, so nothing of the site is missing and nothing
   * comes twice; the newest frame of each comes at once. While it is being opened, that waits until it is open.
   */
  watch: (views: readonly string[]) => void
}

const MAX_DELAY_MS = 30_000
const SILENT_MS = 60_000
/** After so long views that were refused are asked for again; the last one from then on. */
const RETRY_VIEWS_MS = [60_000, 5 * 60_000, 30 * 60_000]
/** Opening again is not worth a word unless it takes longer. */
const SLOW_MS = 5000

/** Opens the stream; returns a function that closes it. */
export function openStream(options: StreamOptions): OpenStream {
  const Source = options.EventSource ?? EventSource
  const first = options.delayMs ?? 1000
  let lastId = options.lastEventId ?? ''
  let delay = first
  let wanted: readonly string[] = options.views ?? []
  /** Of `wanted`, in the address of `source`. */
  let asked: readonly string[] = []
  /** Asked for when the server answered with an error: not sent until they are tried again. */
  let refused: readonly string[] = []
  let refusals = 0
  let retry: ReturnType<typeof setTimeout> | undefined
  let isClosed = false
  let source: EventSource
  let timer: ReturnType<typeof setTimeout> | undefined
  let silence: ReturnType<typeof setTimeout> | undefined

  const setState = (state: StreamState) => options.onState?.(state)

  /** Something was heard of the server. */
  const hear = () => {
    clearTimeout(silence)
    silence = setTimeout(openAgain, options.silentMs ?? SILENT_MS)
  }

  const receive = (event: MessageEvent<string>) => {
    hear()
    if (event.type === VIEW) return options.onView?.(JSON.parse(event.data) as CameraView)
    const id = event.type === 'resync' ? '' : event.lastEventId // it has none; browsers give that of the event before
    if (id) lastId = id
    if (event.type === 'heartbeat') return options.onPosition?.(id)
    if (event.type === 'site.deleted') close()
    options.onEvent({ type: event.type, data: JSON.parse(event.data) }, id)
  }

  const openAgain = () => {
    clearTimeout(silence)
    source.close()
    connect()
    silence = setTimeout(() => {
      setState('connecting')
      hear()
    }, SLOW_MS)
  }

  const open = () => {
    setState('connecting')
    connect()
    hear()
  }

  const connect = () => {
    asked = wanted.filter((name) => !refused.includes(name))
    source = new Source(address({ ...options, views: asked }, lastId), { withCredentials: true })
    for (const type of [...TYPES, VIEW]) source.addEventListener(type, receive as (event: Event) => void)
    source.onopen = () => {
      hear()
      delay = first
      setState('live')
      if (refused.length > 0) retry ??= setTimeout(tryRefused, RETRY_VIEWS_MS[Math.min(refusals, RETRY_VIEWS_MS.length) - 1])
      else if (asked.length > 0) refusals = 0
      useWanted()
    }
    source.onerror = () => {
      clearTimeout(silence) // the browser tries again, or this does
      if (source.readyState !== Source.CLOSED) return setState('connecting')
      refuse()
      setState('waiting')
      timer = setTimeout(open, delay)
      delay = Math.min(delay * 2, MAX_DELAY_MS)
    }
  }

  /** It may be a view that is refused, of a camera that was removed: the site is more than that. */
  const refuse = () => {
    if (asked.length === 0) return
    refused = [...refused, ...asked]
    refusals += 1
    clearTimeout(retry)
    retry = undefined
  }

  const tryRefused = () => {
    retry = undefined
    refused = []
    useWanted()
  }

  /** Where the stream is not open now, it asks for them when it is. */
  const useWanted = () => {
    const sent = wanted.filter((name) => !refused.includes(name))
    if (source.readyState === Source.OPEN && !sameNames(sent, asked)) openAgain()
  }

  const watch = (views: readonly string[]) => {
    if (isClosed) return
    wanted = views
    useWanted()
  }

  const close = () => {
    isClosed = true
    for (const each of [timer, silence, retry]) clearTimeout(each)
    source.close()
    setState('closed')
  }

  open()
  return Object.assign(close, { watch })
}

function sameNames(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name) => other.includes(name))
}

function address(options: StreamOptions, lastId: string): string {
  const query = new URLSearchParams({ site_id: options.siteId })
  if (options.runId) query.set('run_id', options.runId)
  if (options.cameraId) query.set('camera_id', options.cameraId)
  if (options.tableId) query.set('table_id', options.tableId)
  for (const topic of options.topics ?? []) query.append('topic', topic)
  for (const view of options.views ?? []) query.append('view', view)
  if (lastId) query.set('last_event_id', lastId)
  return `${options.base ?? ''}/v1/events?${query}`
}
