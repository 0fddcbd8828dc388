// The event stream of a site, shared by all tabs of the browser, and closed while a tab is hidden for long.
import type { CameraView } from './documents'
import { queryOf, type StreamHub, type StreamQuery } from './hub'
import { openStream, type OpenStream, type StreamOptions, type StreamState } from './stream'
import type { Delta } from './view'

/** How long a hidden tab keeps its subscription, ms. */
export const HIDDEN_MS = 5 * 60_000

export interface SharedStream extends OpenStream {
  /** Leaves until `goOn`, as while the tab is hidden for long: then it is given what it missed. */
  pause: () => void
  goOn: () => void
}

export interface SharedStreamOptions extends StreamOptions {
  hiddenMs?: number
  /** For tests. */
  connect?: (options: StreamOptions) => OpenStream
}

/** From a tab to the worker, on a port of its own for each subscription: what is asked for, other views; null ends it. */
type Request = StreamQuery | { watch: readonly string[] } | null
type Reply = { delta: Delta; id: string } | { state: StreamState } | { view: CameraView }

/**
 * As `openStream`, by one connection for all tabs of the browser that ask for the same. A tab that was hidden for
 * `hiddenMs`, or left for another page, is `paused`: it comes back with its last id, and is given what it missed.
 */
export function openSharedStream(options: SharedStreamOptions): SharedStream {
  const { hiddenMs = HIDDEN_MS, connect = connectShared, ...asked } = options
  let lastId = options.lastEventId ?? ''
  let views = options.views ?? []
  let leave: OpenStream | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let isPaused = false

  const join = () => {
    if (leave || isPaused) return
    leave = connect({
      ...asked,
      views,
      lastEventId: lastId,
      onEvent: (delta, id) => {
        if (id) lastId = id
        options.onEvent(delta, id)
      },
    })
  }
  const pause = () => {
    clearTimeout(timer)
    leave?.()
    leave = null
    options.onState?.('paused')
  }
  const look = () => {
    clearTimeout(timer)
    if (document.visibilityState === 'hidden') timer = setTimeout(pause, hiddenMs)
    else join()
  }

  document.addEventListener('visibilitychange', look)
  window.addEventListener('pagehide', pause)
  window.addEventListener('pageshow', look)
  join()
  look()
  const close = () => {
    document.removeEventListener('visibilitychange', look)
    window.removeEventListener('pagehide', pause)
    window.removeEventListener('pageshow', look)
    clearTimeout(timer)
    leave?.()
    leave = null
    options.onState?.('closed')
  }
  const watch = (wanted: readonly string[]) => {
    views = wanted
    leave?.watch(wanted)
  }
  const goOn = () => {
    isPaused = false
    look()
  }
  const stay = () => {
    isPaused = true
    pause()
  }
  return Object.assign(close, { watch, pause: stay, goOn })
}

/** Subscribes at the worker; without shared workers, or if it cannot be loaded, by a stream of this tab's own. */
function connectShared(options: StreamOptions): OpenStream {
  if (typeof SharedWorker === 'undefined') return openStream(options)
  const worker = new SharedWorker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'tablewatch' })
  let views = options.views ?? []
  let leave = subscribe(worker.port, options)
  let left = false
  worker.onerror = () => {
    if (left) return
    leave()
    leave = openStream({ ...options, views })
  }
  const close = () => {
    left = true
    leave()
  }
  const watch = (wanted: readonly string[]) => {
    views = wanted
    leave.watch(wanted)
  }
  return Object.assign(close, { watch })
}

/** The tab's side of a port. Returns a function that ends the subscription and closes the port. */
export function subscribe(port: MessagePort, options: StreamOptions): OpenStream {
  const { onEvent, onState, onView } = options
  port.onmessage = ({ data }: MessageEvent<Reply>) => {
    if ('state' in data) onState?.(data.state)
    else if ('view' in data) onView?.(data.view)
    else onEvent(data.delta, data.id)
  }
  const ask = (request: Request) => port.postMessage(request)
  ask(queryOf(options))
  const close = () => {
    port.onmessage = null
    ask(null)
    port.close()
  }
  return Object.assign(close, { watch: (watch: readonly string[]) => ask({ watch }) })
}

/** The worker's side of a port. */
export function serve(hub: StreamHub, port: MessagePort): void {
  let leave: OpenStream | null = null
  const end = () => {
    leave?.()
    leave = null
  }
  port.onmessage = ({ data }: MessageEvent<Request>) => {
    if (data !== null && 'watch' in data) return leave?.watch(data.watch)
    end()
    if (data === null) return port.close()
    const reply = (message: Reply) => port.postMessage(message)
    leave = hub.join(data, {
      onEvent: (delta, id) => reply({ delta, id }),
      onState: (state) => reply({ state }),
      onView: (view) => reply({ view }),
    })
  }
  port.addEventListener('close', end) // of a tab that crashed, where browsers tell
}
