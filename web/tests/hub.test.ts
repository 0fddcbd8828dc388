import { beforeEach, describe, expect, it } from 'vitest'
import { openStream, type CameraView, type Delta, type StreamOptions, type StreamState } from '../src/client'
import { StreamHub } from '../src/client/hub'
import { serve, subscribe } from '../src/client/shared'

/** A stream whose server is the test. */
class FakeStream {
  static all: FakeStream[] = []
  closed = false
  views: readonly string[]

  constructor(readonly options: StreamOptions) {
    this.views = options.views ?? []
    FakeStream.all.push(this)
  }

  event(seq: number, type = 'table.state', epoch = 'e'): void {
    this.options.onEvent({ type, data: { seq } }, `${epoch}-${seq}`)
  }

  view(camera: string, frame: string): void {
    this.options.onView?.({ camera_id: camera, run_id: null, frame_id: frame } as CameraView)
  }

  static get open(): FakeStream[] {
    return FakeStream.all.filter((each) => !each.closed)
  }
}

const open: typeof openStream = (options) => {
  const stream = new FakeStream(options)
  options.onState?.('connecting')
  return Object.assign(() => void (stream.closed = true), { watch: (views: readonly string[]) => void (stream.views = views) })
}

class Tab {
  readonly seen: string[] = []
  readonly states: StreamState[] = []
  readonly frames: string[] = []
  lastId = ''
  onEvent = ({ type }: Delta, id: string) => {
    this.lastId = id || this.lastId
    this.seen.push(type === 'table.state' ? id : `${type} ${id}`.trim())
  }
  onState = (state: StreamState) => void this.states.push(state)
  onView = (view: CameraView) => void this.frames.push(view.frame_id)
}

let hub: StreamHub

function join(tab: Tab, lastEventId = '', siteId = 'site_1') {
  return hub.join({ siteId, lastEventId }, tab)
}

beforeEach(() => {
  FakeStream.all = []
  hub = new StreamHub(open)
})

describe('one stream for all', () => {
  it('is shared by tabs that come before it has begun', () => {
    const tabs = Array.from({ length: 8 }, () => new Tab())
    tabs.forEach((tab) => join(tab))
    expect(FakeStream.open).toHaveLength(1)
    FakeStream.all[0]?.event(4, 'snapshot')
    FakeStream.all[0]?.event(5)
    for (const tab of tabs) expect(tab.seen).toEqual(['snapshot e-4', 'e-5'])
  })

  it('gives a later tab a snapshot of its own, and to nobody else', () => {
    const [first, later] = [new Tab(), new Tab()]
    join(first)
    const main = FakeStream.all[0] as FakeStream
    main.event(4, 'snapshot')
    main.event(5)
    join(later)
    main.event(6)
    const own = FakeStream.open[1] as FakeStream
    own.event(6, 'snapshot')
    expect(own.closed).toBe(true)
    main.event(7)
    expect(first.seen).toEqual(['snapshot e-4', 'e-5', 'e-6', 'e-7'])
    expect(later.seen).toEqual(['snapshot e-6', 'e-7'])
    expect(FakeStream.open).toHaveLength(1)
  })

  it('keeps what comes while a later tab waits for its snapshot', () => {
    const later = new Tab()
    join(new Tab())
    const main = FakeStream.all[0] as FakeStream
    main.event(4, 'snapshot')
    join(later)
    main.event(5)
    main.event(6)
    FakeStream.open[1]?.event(5, 'snapshot')
    expect(later.seen).toEqual(['snapshot e-5', 'e-6'])
  })

  it('gives a tab that comes back what it missed', () => {
    const [stays, returns] = [new Tab(), new Tab()]
    join(stays)
    const leave = join(returns)
    const main = FakeStream.all[0] as FakeStream
    main.event(4, 'snapshot')
    leave()
    main.event(5)
    main.event(6)
    join(returns, returns.lastId)
    const own = FakeStream.open[1] as FakeStream
    expect(own.options.lastEventId).toBe('e-4')
    own.event(5)
    main.event(7)
    own.event(6)
    expect(own.closed).toBe(true)
    expect(returns.seen).toEqual(['snapshot e-4', 'e-5', 'e-6', 'e-7'])
  })

  it('needs no stream of its own for a tab that missed nothing', () => {
    const tab = new Tab()
    join(new Tab())
    FakeStream.all[0]?.event(4, 'snapshot')
    join(tab, 'e-4')
    expect(FakeStream.open).toHaveLength(1)
    FakeStream.all[0]?.event(5)
    expect(tab.seen).toEqual(['e-5'])
  })

  it('ends catching up by a heartbeat where a filter has left everything out', () => {
    const tab = new Tab()
    join(new Tab())
    FakeStream.all[0]?.event(9, 'snapshot')
    join(tab, 'e-4')
    FakeStream.open[1]?.options.onPosition?.('e-9')
    expect(FakeStream.open).toHaveLength(1)
    FakeStream.all[0]?.event(10)
    expect(tab.seen).toEqual(['e-10'])
  })

  it('hands one resync and its snapshot to everybody, also to who catches up', () => {
    const [tab, late] = [new Tab(), new Tab()]
    join(tab)
    const main = FakeStream.all[0] as FakeStream
    main.event(4, 'snapshot')
    join(late)
    main.event(5)
    main.options.onEvent({ type: 'resync', data: {} }, '')
    main.event(2, 'snapshot', 'f')
    main.event(3, 'table.state', 'f')
    FakeStream.open[1]?.event(3, 'snapshot', 'f')
    main.event(4, 'table.state', 'f')
    expect(tab.seen).toEqual(['snapshot e-4', 'e-5', 'resync', 'snapshot f-2', 'f-3', 'f-4'])
    expect(late.seen).toEqual(['snapshot f-3', 'f-4'])
    expect(FakeStream.open).toHaveLength(1)
  })

  it('is closed by the last that leaves, and each site has its own', () => {
    const one = join(new Tab())
    const two = join(new Tab())
    join(new Tab(), '', 'site_2')
    expect(FakeStream.open).toHaveLength(2)
    one()
    one()
    expect(FakeStream.open).toHaveLength(2)
    two()
    expect(FakeStream.open.map((each) => each.options.siteId)).toEqual(['site_2'])
    join(new Tab())
    expect(FakeStream.open).toHaveLength(2)
  })

  it('tells a later tab the state it is in', () => {
    const tab = new Tab()
    join(new Tab())
    FakeStream.all[0]?.options.onState?.('live')
    join(tab)
    expect(tab.states).toEqual(['live'])
  })

  it('begins anew for who asks after the site was deleted', () => {
    join(new Tab())
    FakeStream.all[0]?.event(5, 'site.deleted')
    join(new Tab())
    expect(FakeStream.all).toHaveLength(2)
  })
})

/** Numbers that look random and are the same in each run (mulberry32). */
function numbers(seed: number): (below: number) => number {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

describe('whoever comes and goes', () => {
  it.each(Array.from({ length: 60 }, (_, seed) => seed))('misses nothing and gets nothing twice (seed %i)', (seed) => {
    const below = numbers(seed)
    let newest = 10
    const sent = new Map<FakeStream, number | null>() // the last that each stream has delivered
    const step = (stream: FakeStream) => {
      const last = sent.get(stream) ?? (stream.options.lastEventId ? Number(stream.options.lastEventId.slice(2)) : null)
      const next = last === null ? newest : last + 1
      if (next > newest) return
      sent.set(stream, next)
      stream.event(next, last === null ? 'snapshot' : 'table.state')
    }
    const tabs = Array.from({ length: 6 }, () => ({ tab: new Tab(), leave: null as (() => void) | null }))
    const every = (action: (each: FakeStream) => void) => [...FakeStream.open].forEach(action)
    for (let round = 0; round < 400; round++) {
      const one = tabs[below(tabs.length)] as (typeof tabs)[number]
      const dice = below(10)
      if (dice < 2) newest += 1
      else if (dice === 2) {
        one.leave?.()
        one.leave = null
      } else if (dice === 3) one.leave ??= join(one.tab, one.tab.lastId)
      else step(FakeStream.open[below(FakeStream.open.length || 1)] ?? new FakeStream({ siteId: '', onEvent: () => {} }))
    }
    for (const each of tabs) each.leave ??= join(each.tab, each.tab.lastId)
    for (let round = 0; round < 400; round++) every(step)
    for (const { tab } of tabs) {
      const seqs = tab.seen.map((each) => Number(each.replace(/.*-/, '')))
      const first = seqs[0] as number
      expect(seqs).toEqual(Array.from({ length: newest - first + 1 }, (_, index) => first + index))
      expect(tab.seen.filter((each) => each.startsWith('snapshot'))).toHaveLength(1)
    }
    expect(FakeStream.open.filter((each) => each.options.siteId)).toHaveLength(1)
  })
})

describe('over a port', () => {
  it('a tab subscribes, receives, and leaves', async () => {
    const { port1, port2 } = new MessageChannel()
    serve(hub, port2 as unknown as MessagePort)
    const events: string[] = []
    const states: StreamState[] = []
    const received = new Promise<void>((done) => {
      const leave = subscribe(port1 as unknown as MessagePort, {
        siteId: 'site_1',
        topics: ['table.state'],
        onState: (state) => {
          states.push(state)
          FakeStream.all[0]?.event(4, 'snapshot')
        },
        onEvent: (delta, id) => {
          events.push(`${delta.type} ${id}`)
          leave()
          done()
        },
      })
    })
    await received
    while (FakeStream.open.length > 0) await new Promise((later) => setTimeout(later, 1))
    expect(events).toEqual(['snapshot e-4'])
    expect(states).toEqual(['connecting'])
    expect(FakeStream.all[0]?.options).toMatchObject({ siteId: 'site_1', topics: ['table.state'], lastEventId: '' })
  })
  it('a tab that asks for views is handed them, and its functions are not posted', async () => {
    const { port1, port2 } = new MessageChannel()
    serve(hub, port2 as unknown as MessagePort)
    const frames: string[] = []
    await new Promise<void>((done) => {
      const leave = subscribe(port1 as unknown as MessagePort, {
        siteId: 'site_1',
        views: ['cam_1'],
        onState: () => FakeStream.all[0]?.view('cam_1', 'cam_1-5'),
        onEvent: () => {},
        onView: (view) => {
          frames.push(view.frame_id)
          leave()
          done()
        },
      })
    })
    while (FakeStream.open.length > 0) await new Promise((later) => setTimeout(later, 1))
    expect(frames).toEqual(['cam_1-5'])
    expect(FakeStream.all[0]?.options.views).toEqual(['cam_1'])
  })

  it('a tab asks for other views of the same stream', async () => {
    const { port1, port2 } = new MessageChannel()
    serve(hub, port2 as unknown as MessagePort)
    const leave = subscribe(port1 as unknown as MessagePort, { siteId: 'site_1', onEvent: () => {} })
    leave.watch(['cam_2'])
    while (FakeStream.all[0]?.views.length !== 1) await new Promise((later) => setTimeout(later, 1))
    expect([FakeStream.all.length, FakeStream.all[0].views]).toEqual([1, ['cam_2']])
    leave()
    while (FakeStream.open.length > 0) await new Promise((later) => setTimeout(later, 1))
  })
})

describe('views', () => {
  const ask = (tab: Tab, lastEventId = '', views = ['cam_1', 'cam_2']) =>
    hub.join({ siteId: 'site_1', lastEventId, views }, tab)

  it('come to every tab that asks for the same, and the newest of each to a later one', () => {
    const [first, later] = [new Tab(), new Tab()]
    ask(first)
    const main = FakeStream.all[0] as FakeStream
    main.event(4, 'snapshot')
    for (const [camera, frame] of [['cam_1', 'cam_1-1'], ['cam_2', 'cam_2-1'], ['cam_1', 'cam_1-2']] as const)
      main.view(camera, frame)
    ask(later)
    expect(first.frames).toEqual(['cam_1-1', 'cam_2-1', 'cam_1-2'])
    expect(later.frames.sort()).toEqual(['cam_1-2', 'cam_2-1'])
    main.view('cam_1', 'cam_1-3')
    expect([first.frames.at(-1), later.frames.at(-1)]).toEqual(['cam_1-3', 'cam_1-3'])
    expect(FakeStream.open[1]?.views, 'of who catches up').toEqual([])
  })

  it('are those of all tabs together on one stream, and come to who watches them alone', () => {
    const [one, other, none] = [new Tab(), new Tab(), new Tab()]
    const leaveOne = ask(one, '', ['cam_1'])
    const main = FakeStream.all[0] as FakeStream
    main.event(4, 'snapshot')
    ask(other, 'e-4', ['cam_2'])
    ask(none, 'e-4', [])
    expect([FakeStream.all.length, main.views]).toEqual([1, ['cam_1', 'cam_2']])
    main.view('cam_1', 'cam_1-1')
    main.view('cam_2', 'cam_2-1')
    expect([one.frames, other.frames, none.frames]).toEqual([['cam_1-1'], ['cam_2-1'], []])
    leaveOne()
    expect(main.views).toEqual(['cam_2'])
  })

  it('change while a tab stays; what somebody has already is shown at once, and nothing of a view that was left', () => {
    const [one, other] = [new Tab(), new Tab()]
    const stream = ask(one, '', ['cam_1'])
    const main = FakeStream.all[0] as FakeStream
    main.event(4, 'snapshot')
    const leaveOther = ask(other, 'e-4', ['cam_2'])
    main.view('cam_1', 'cam_1-1')
    main.view('cam_2', 'cam_2-1')
    stream.watch(['cam_2'])
    expect([one.frames, main.views]).toEqual([['cam_1-1', 'cam_2-1'], ['cam_2']])
    leaveOther()
    stream.watch([])
    stream.watch(['cam_1'])
    expect([one.frames, main.views]).toEqual([['cam_1-1', 'cam_2-1'], ['cam_1']])
    main.event(5)
    expect(one.seen).toEqual(['snapshot e-4', 'e-5'])
  })

  it('are ten at most, of those who asked first', () => {
    const names = Array.from({ length: 12 }, (_, at) => `cam_${at}`)
    ask(new Tab(), '', names.slice(0, 8))
    ask(new Tab(), '', names.slice(8))
    expect(FakeStream.all[0]?.views).toEqual(names.slice(0, 10))
  })
})
