import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openStream, type Delta, type StreamOptions, type StreamState } from '../src/client'

/** An EventSource whose server is the test. */
class FakeSource extends EventTarget {
  static readonly CONNECTING = 0
  static readonly OPEN = 1
  static readonly CLOSED = 2
  static all: FakeSource[] = []
  readyState = 0
  onopen: (() => void) | null = null
  onerror: (() => void) | null = null

  constructor(
    readonly url: string,
    readonly init: EventSourceInit,
  ) {
    super()
    FakeSource.all.push(this)
  }

  close(): void {
    this.readyState = FakeSource.CLOSED
  }

  accept(): void {
    this.readyState = FakeSource.OPEN
    this.onopen?.()
  }

  setText(type: string, data: unknown, lastEventId: string): void {
    this.dispatchEvent(new MessageEvent(type, { data: JSON.stringify(data), lastEventId }))
  }

  /** `forGood`: an HTTP error, after which browsers do not reconnect. */
  fail(forGood: boolean): void {
    this.readyState = forGood ? FakeSource.CLOSED : FakeSource.CONNECTING
    this.onerror?.()
  }

  static get last(): FakeSource {
    return FakeSource.all.at(-1) as FakeSource
  }
}

let events: [Delta, string][]
let states: StreamState[]

function open(more: Partial<StreamOptions> = {}) {
  return openStream({
    siteId: 'site_1',
    onEvent: (delta, id) => events.push([delta, id]),
    onState: (state) => states.push(state),
    EventSource: FakeSource as unknown as typeof EventSource,
    ...more,
  })
}

beforeEach(() => {
  vi.useFakeTimers()
  FakeSource.all = []
  events = []
  states = []
})
afterEach(() => vi.useRealTimers())

describe('the stream', () => {
  it('ends with its site, and is not opened again', () => {
    open()
    FakeSource.last.accept()
    FakeSource.last.setText('site.changed', { site_id: 'site_1', name: 'Other' }, 'e-4')
    FakeSource.last.setText('site.deleted', { site_id: 'site_1' }, 'e-5')
    vi.advanceTimersByTime(60_000)
    expect(events.map(([delta]) => delta.type)).toEqual(['site.changed', 'site.deleted'])
    expect(states.at(-1)).toBe('closed')
    expect(FakeSource.all.length).toBe(1)
  })

  it('asks for its site and hands on typed events with their ids', () => {
    open()
    FakeSource.last.accept()
    FakeSource.last.setText('snapshot', { seq: 4 }, 'e1-4')
    FakeSource.last.setText('table.state', { table_id: 't' }, 'e1-5')
    expect(FakeSource.last.url).toBe('/v1/events?site_id=site_1')
    expect(events).toEqual([
      [{ type: 'snapshot', data: { seq: 4 } }, 'e1-4'],
      [{ type: 'table.state', data: { table_id: 't' } }, 'e1-5'],
    ])
    expect(states).toEqual(['connecting', 'live'])
  })

  it('leaves a short interruption to the browser', () => {
    open()
    FakeSource.last.accept()
    FakeSource.last.fail(false)
    vi.advanceTimersByTime(60_000)
    expect(FakeSource.all).toHaveLength(1)
    expect(states.at(-1)).toBe('connecting')
  })

  it('goes on after the last event seen when the browser has given up', () => {
    open()
    FakeSource.last.accept()
    FakeSource.last.setText('table.state', {}, 'e1-9')
    FakeSource.last.fail(true)
    expect(states.at(-1)).toBe('waiting')
    vi.advanceTimersByTime(1000)
    expect(FakeSource.all).toHaveLength(2)
    expect(FakeSource.last.url).toBe('/v1/events?site_id=site_1&last_event_id=e1-9')
  })

  it('hands on one resync, and keeps heartbeats to itself but for their id', () => {
    open()
    FakeSource.last.accept()
    FakeSource.last.setText('resync', { reason: 'reset', last_event_id: 'e0-7' }, '')
    FakeSource.last.setText('snapshot', { seq: 4, reason: 'reset' }, 'e1-4')
    FakeSource.last.setText('heartbeat', { seq: 8 }, 'e1-8')
    FakeSource.last.fail(true)
    vi.advanceTimersByTime(1000)
    expect(events.map(([delta]) => delta.type)).toEqual(['resync', 'snapshot'])
    expect(FakeSource.last.url).toBe('/v1/events?site_id=site_1&last_event_id=e1-8')
  })

  it('waits longer each time, and begins anew after a success', () => {
    open()
    for (const pause of [1000, 2000, 4000]) {
      FakeSource.last.fail(true)
      const before = FakeSource.all.length
      vi.advanceTimersByTime(pause - 1)
      expect(FakeSource.all).toHaveLength(before)
      vi.advanceTimersByTime(1)
      expect(FakeSource.all).toHaveLength(before + 1)
    }
    FakeSource.last.accept()
    FakeSource.last.fail(true)
    vi.advanceTimersByTime(1000)
    expect(FakeSource.all).toHaveLength(5)
  })

  it('can replay a run from the beginning of the log', () => {
    open({ runId: 'run_1', lastEventId: 'e1-0' })
    expect(FakeSource.last.url).toBe('/v1/events?site_id=site_1&run_id=run_1&last_event_id=e1-0')
  })

  it('can be closed, also while it waits to reconnect', () => {
    const close = open()
    FakeSource.last.fail(true)
    close()
    vi.advanceTimersByTime(60_000)
    expect(FakeSource.all).toHaveLength(1)
    expect(states.at(-1)).toBe('closed')
  })

  it('hands the newest judged frame to who asks for it, beside the log', () => {
    const seen: string[] = []
    open({ views: ['cam_1', 'run_1'], onView: (view) => seen.push(view.frame_id) })
    expect(FakeSource.last.url).toContain('view=cam_1&view=run_1')
    FakeSource.last.setText('table.state', { n: 1 }, 'e-1')
    FakeSource.last.setText('camera.view', { frame_id: 'cam_1-5' }, 'e-1') // browsers give the id of the event before
    expect(seen).toEqual(['cam_1-5'])
    expect(events.map(([, id]) => id)).toEqual(['e-1'])
  })
})

describe('a connection that is half open', () => {
  it('is given up when it was silent for a minute, and opened after the last id without a word', () => {
    const close = open()
    FakeSource.last.accept()
    vi.advanceTimersByTime(59_000)
    FakeSource.last.setText('video.job', {}, 'e-3')
    vi.advanceTimersByTime(59_000)
    expect(FakeSource.all).toHaveLength(1)
    vi.advanceTimersByTime(1000)
    expect(FakeSource.all).toHaveLength(2)
    expect(FakeSource.all[0]?.readyState).toBe(FakeSource.CLOSED)
    expect(FakeSource.last.url).toContain('last_event_id=e-3')
    FakeSource.last.accept()
    vi.advanceTimersByTime(10_000)
    expect(states).toEqual(['connecting', 'live', 'live'])
    close()
    vi.advanceTimersByTime(600_000)
    expect(FakeSource.all).toHaveLength(2)
  })

  it('is shown as lost where the next one does not open either, and tried again', () => {
    const close = open()
    FakeSource.last.accept()
    vi.advanceTimersByTime(65_000)
    expect(states).toEqual(['connecting', 'live', 'connecting'])
    vi.advanceTimersByTime(60_000)
    expect(FakeSource.all).toHaveLength(3)
    close()
  })
})

describe('views', () => {
  const viewsOf = (source: FakeSource) => new URL(source.url, 'http://a').searchParams.getAll('view')

  it('are asked for on the open stream, which goes on after its last id', () => {
    const stream = open()
    FakeSource.last.accept()
    FakeSource.last.setText('snapshot', {}, 'e-4')
    stream.watch(['cam_1'])
    const [before, after] = FakeSource.all as [FakeSource, FakeSource]
    expect([before.readyState, viewsOf(after)]).toEqual([FakeSource.CLOSED, ['cam_1']])
    expect(new URL(after.url, 'http://a').searchParams.get('last_event_id')).toBe('e-4')
    expect(states, 'of a stream that is opened again at once nothing is said').toEqual(['connecting', 'live'])
    stream.watch(['cam_1'])
    expect(FakeSource.all).toHaveLength(2)
  })

  it('are stored while the stream is being opened, and asked for once it is open', () => {
    const stream = open()
    FakeSource.last.accept()
    stream.watch(['cam_1'])
    stream.watch(['cam_1', 'cam_2'])
    stream.watch(['cam_2'])
    expect(FakeSource.all).toHaveLength(2)
    FakeSource.last.accept()
    expect([FakeSource.all.length, viewsOf(FakeSource.last)]).toEqual([3, ['cam_2']])
    FakeSource.last.accept()
    expect(FakeSource.all).toHaveLength(3)
  })

  it('that change do not hide that the stream does not open', () => {
    const stream = open()
    FakeSource.last.accept()
    stream.watch(['cam_1'])
    vi.advanceTimersByTime(4000)
    stream.watch(['cam_2'])
    vi.advanceTimersByTime(1000)
    expect(states).toEqual(['connecting', 'live', 'connecting'])
  })

  it('are left out after an error, which may be of one of them; others are asked for', () => {
    const stream = open({ views: ['cam_1'] })
    FakeSource.last.fail(true)
    stream.watch(['cam_1', 'cam_2'])
    expect(FakeSource.all, 'it waits for its next attempt').toHaveLength(1)
    vi.advanceTimersByTime(1000)
    expect(viewsOf(FakeSource.last)).toEqual(['cam_2'])
    FakeSource.last.accept()
    stream.watch(['cam_1', 'cam_3', 'cam_2'])
    expect(viewsOf(FakeSource.last)).toEqual(['cam_3', 'cam_2'])
    FakeSource.last.fail(true)
    vi.advanceTimersByTime(1000)
    expect(viewsOf(FakeSource.last)).toEqual([])
  })

  it('that were left out are tried again once the stream is live, later each time', () => {
    open({ views: ['cam_1'], silentMs: 7_200_000 })
    const triesAfter = (ms: number) => {
      FakeSource.last.fail(true)
      vi.advanceTimersByTime(1000)
      expect(viewsOf(FakeSource.last)).toEqual([])
      FakeSource.last.accept()
      const before = FakeSource.all.length
      vi.advanceTimersByTime(ms - 1)
      expect(FakeSource.all).toHaveLength(before)
      vi.advanceTimersByTime(1)
      expect(viewsOf(FakeSource.last)).toEqual(['cam_1'])
    }
    for (const minutes of [1, 5, 30, 30]) triesAfter(minutes * 60_000)
    FakeSource.last.accept()
    triesAfter(60_000)
  })

  it('are not asked for by a stream that was closed', () => {
    const stream = open()
    stream()
    stream.watch(['cam_1'])
    expect(FakeSource.all).toHaveLength(1)
  })
})
