// One event stream for many subscribers. Pure but for the streams that it is given: the shared worker runs it, and tests.
//
// Browsers have six connections to a host over HTTP/1.1, and an event stream holds one for as long as it is open: with a
// stream for each tab the seventh tab never loads. Here all tabs that ask for the same share one, the main stream.
//
// A subscriber that comes later, or comes back with its last id, catches up on a stream of its own: with a snapshot, or
// with what it missed. What the main stream brings meanwhile waits in a queue. Once its own stream has reached the place
// where the queue begins, it is closed, and the rest of the queue follows: nothing is missing and nothing comes twice.
//
// The views that subscribers watch are not part of what makes a stream theirs: the main stream asks for those of all.
import type { CameraView } from './documents'
import { openStream, type OpenStream, type StreamOptions, type StreamState } from './stream'
import type { Delta } from './view'

const ASKED = ['siteId', 'runId', 'cameraId', 'tableId', 'topics', 'lastEventId', 'views', 'base'] as const

/** What is asked of the server: plain data, which can be posted to a worker. */
export type StreamQuery = Pick<StreamOptions, (typeof ASKED)[number]>

/** By name, because functions cannot be posted: an option that is added and is one never reaches the worker. */
export function queryOf(options: StreamOptions): StreamQuery {
  return Object.fromEntries(ASKED.filter((name) => name in options).map((name) => [name, options[name]])) as StreamQuery
}

export interface Subscriber {
  onEvent: (delta: Delta, id: string) => void
  onState: (state: StreamState) => void
  onView?: (view: CameraView) => void
}

/** The server takes so many for one stream; whoever comes later asks by REST. */
const MOST_VIEWS = 10

interface Member {
  subscriber: Subscriber
  views: readonly string[]
  /** Id of the last event that it was given. */
  position: string
  catchingUp: CatchingUp | null
}

interface CatchingUp {
  /** The queue has every event of the main stream after this id; empty while that is not known. */
  since: string
  queue: [Delta, string][]
  close: () => void
}

/** The streams of one browser: one for each site and filter that somebody asks for. */
export class StreamHub {
  private readonly streams = new Map<string, SharedStream>()

  constructor(private readonly open: (options: StreamOptions) => OpenStream = openStream) {}

  /** Subscribes; returns a function that ends it. The stream is closed when its last subscriber has left. */
  join(query: StreamQuery, subscriber: Subscriber): OpenStream {
    const { lastEventId = '', views = [], ...asked } = query
    const key = JSON.stringify(asked, Object.keys(asked).sort())
    const known = this.streams.get(key)
    const stream = known ?? new SharedStream(asked, this.open, () => this.forget(key, stream))
    this.streams.set(key, stream)
    return stream.join(lastEventId, views, subscriber)
  }

  private forget(key: string, stream: SharedStream): void {
    if (this.streams.get(key) === stream) this.streams.delete(key)
  }
}

class SharedStream {
  private readonly members = new Set<Member>()
  /** The newest of each camera or run, for members that come later. The server renews their links. */
  private readonly newest = new Map<string, CameraView>()
  private position = ''
  private state: StreamState = 'connecting'
  private main: OpenStream | null = null

  constructor(
    private readonly asked: StreamQuery,
    private readonly open: (options: StreamOptions) => OpenStream,
    private readonly onEnd: () => void,
  ) {}

  join(lastEventId: string, views: readonly string[], subscriber: Subscriber): OpenStream {
    const member: Member = { subscriber, views: [], position: lastEventId, catchingUp: null }
    this.members.add(member)
    if (this.main === null) {
      member.views = views
      this.start(lastEventId)
    } else {
      if (lastEventId !== this.position) this.catchUp(member)
      subscriber.onState(this.state)
      this.watch(member, views)
    }
    return Object.assign(() => this.leave(member), { watch: (wanted: readonly string[]) => this.watch(member, wanted) })
  }

  /** Another set of views for a member. The newest of those that somebody has already are shown to it at once. */
  private watch(member: Member, views: readonly string[]): void {
    if (!this.members.has(member)) return
    const added = views.filter((name) => !member.views.includes(name))
    member.views = views
    for (const name of added) {
      const view = this.newest.get(name)
      if (view) member.subscriber.onView?.(view)
    }
    this.askForViews()
  }

  private askForViews(): void {
    const wanted = this.views()
    for (const name of this.newest.keys()) if (!wanted.includes(name)) this.newest.delete(name)
    this.main?.watch(wanted)
  }

  /** Those of all members, the longest watched first. */
  private views(): string[] {
    return [...new Set([...this.members].flatMap((member) => member.views))].slice(0, MOST_VIEWS)
  }

  private leave(member: Member): void {
    if (!this.members.delete(member)) return
    member.catchingUp?.close()
    if (this.members.size > 0) return this.askForViews()
    this.onEnd()
    this.main?.()
  }

  private start(lastEventId: string): void {
    this.position = lastEventId
    this.main = this.open({
      ...this.asked,
      views: this.views(),
      lastEventId,
      onEvent: (delta, id) => this.receive(delta, id),
      onPosition: (id) => this.moveOn(id),
      onView: (view) => this.show(view),
      onState: (state) => {
        this.state = state
        for (const member of this.members) member.subscriber.onState(state)
      },
    })
  }

  /** An event of the main stream. */
  private receive(delta: Delta, id: string): void {
    if (delta.type === 'site.deleted') this.onEnd()
    if (id) this.position = id
    for (const member of [...this.members]) {
      if (member.catchingUp) this.keep(member, member.catchingUp, delta, id)
      else if (startsAnew(delta) || isAfter(id, member.position)) give(member, delta, id)
    }
  }

  /** A view is in no log: it needs no catching up, and goes to every member that watches it at once. */
  private show(view: CameraView): void {
    const name = view.run_id ?? view.camera_id ?? ''
    this.newest.set(name, view)
    for (const member of this.members) if (member.views.includes(name)) member.subscriber.onView?.(view)
  }

  /** A heartbeat of the main stream: a filter has left out everything up to here. */
  private moveOn(id: string): void {
    this.position = id
    for (const member of this.members) if (!member.catchingUp && isAfter(id, member.position)) member.position = id
  }

  /** For a member that catches up. A snapshot of the main stream is none of its own: the queue begins after it. */
  private keep(member: Member, catchingUp: CatchingUp, delta: Delta, id: string): void {
    if (!startsAnew(delta)) return void catchingUp.queue.push([delta, id])
    catchingUp.queue = []
    catchingUp.since = delta.type === 'snapshot' ? id : ''
    this.handOver(member)
  }

  private catchUp(member: Member): void {
    const catchingUp: CatchingUp = { since: this.position, queue: [], close: () => {} }
    member.catchingUp = catchingUp
    catchingUp.close = this.open({
      ...this.asked,
      lastEventId: member.position,
      onEvent: (delta, id) => {
        if (member.catchingUp !== catchingUp) return
        give(member, delta, id)
        this.handOver(member)
      },
      onPosition: (id) => {
        member.position = id
        this.handOver(member)
      },
    })
  }

  /** Ends catching up once the member has everything before its queue. */
  private handOver(member: Member): void {
    const catchingUp = member.catchingUp
    if (!catchingUp || catchingUp.since === '') return
    if (member.position !== catchingUp.since && !isAfter(member.position, catchingUp.since)) return
    member.catchingUp = null
    catchingUp.close()
    for (const [delta, id] of catchingUp.queue) if (isAfter(id, member.position)) give(member, delta, id)
  }
}

function give(member: Member, delta: Delta, id: string): void {
  if (id) member.position = id
  member.subscriber.onEvent(delta, id)
}

/** A snapshot, or the word that one follows because the position is gone. */
function startsAnew(delta: Delta): boolean {
  return delta.type === 'snapshot' || delta.type === 'resync'
}

/** Whether an id `epoch-seq` comes after another of the same epoch; every id comes after none. */
function isAfter(id: string, other: string): boolean {
  if (id === '' || other === '') return id !== ''
  const [epoch, seq] = parts(id)
  const [otherEpoch, otherSeq] = parts(other)
  return epoch === otherEpoch && seq > otherSeq
}

function parts(id: string): [string, number] {
  const at = id.lastIndexOf('-')
  return [id.slice(0, at), Number(id.slice(at + 1))]
}
