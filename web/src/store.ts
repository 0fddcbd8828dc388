// What the page knows of a site: lists by REST, kept current by its event stream. Views read the signals.
import { batch, computed, signal } from '@preact/signals'
import type { HazardAlert, TableState } from './generated/events'
import {
  apply,
  emptyView,
  openSharedStream,
  Problem,
  stateKey,
  type Camera,
  type Client,
  type Delta,
  type Job,
  type Section,
  type Session,
  type SharedStream,
  type Site,
  type Snapshot,
  type StreamState,
  type Table,
  type View,
} from './client'
import { feedLine, tableName } from './format'
import type { FeedEntry } from './model'
import { LiveViews } from './live-views'
import { askBeforeLeaving } from './leaving'
import { Recorder } from './recording'
import { Refresh } from './refresh'
import { store, stored } from './remembered'
import { T } from './texts'
import { Uploads } from './uploads'

const FEED_LINES = 200
const LAST_SITE = 'tablewatch-site'
const TOAST_MS = 8000
const TICK_MS = 5000
/** From the lists on: a stream that has brought nothing by then, as behind a proxy that holds it back, is not waited for. */
const PATIENCE_MS = 5000

/** Events after which a list is asked for again. */
const STALE: Record<string, readonly List[]> = {
  'camera.config': ['cameras', 'tables'],
  'camera.state': ['cameras'],
  'camera.deleted': ['cameras', 'tables'],
  'section.changed': ['sections'],
  'section.deleted': ['sections', 'tables'],
}

const LISTS = ['cameras', 'tables', 'sections'] as const
type List = (typeof LISTS)[number]
/** States of the stream in which its snapshot is still to come. */
const COMING: ReadonlySet<StreamState> = new Set(['connecting', 'live'])
type Lists = Record<List, Pick<Refresh<unknown>, 'again' | 'stop'>>

export class Store {
  readonly sites = signal<readonly Site[]>([])
  /** Whether the sites were listed. */
  readonly begun = signal(false)
  /** Why they were not; they are asked for again. */
  readonly problem = signal('')
  readonly siteId = signal('')
  readonly cameras = signal<readonly Camera[]>([])
  readonly tables = signal<readonly Table[]>([])
  readonly sections = signal<readonly Section[]>([])
  readonly view = signal<View>(emptyView(''))
  readonly stream = signal<StreamState>('connecting')
  /** When the connection was lost, ms, until it is there again. */
  readonly lostAt = signal<number | null>(null)
  /** Whether a snapshot was received. */
  readonly loaded = signal(false)
  /** The lists that were answered since the site was opened. */
  private readonly answered = signal<ReadonlySet<List>>(new Set())
  /** Those of which it is known how the first request ended, with an answer or not. */
  private readonly settled = signal<ReadonlySet<List>>(new Set())
  /** Whether all were: then what is not in them does not exist. */
  readonly listed = computed(() => this.answered.value.size === LISTS.length)
  /**
   * Whether there was no more to wait for before a view is drawn: one that is drawn earlier moves when the rest comes. It stays
   * until another site is opened: a view that were taken away would lose what is typed in it.
   */
  readonly ready = signal(false)
  /** Videos that were deleted while this page was open. */
  readonly deleted = signal<ReadonlySet<string>>(new Set())
  /** Cameras that were removed while this page was open. */
  readonly removed = signal<ReadonlySet<string>>(new Set())
  readonly uploads: Uploads
  readonly recorder = new Recorder()
  readonly liveViews: LiveViews
  readonly feed = signal<readonly FeedEntry[]>([])
  readonly now = signal(Date.now())
  readonly toast = signal('')
  readonly tableLabel = computed(() => {
    const labels = new Map(this.tables.value.map((table) => [table.table_id, table.label]))
    return (id: string) => {
      const label = labels.get(id)
      return label === undefined ? T.someTable : tableName(label)
    }
  })
  private sharedStream: SharedStream | null = null
  private readonly askedSites: Refresh<Site[]>
  private asked: Lists | null = null
  private entries = 0
  private patience: ReturnType<typeof setTimeout> | undefined
  private toastTimer: ReturnType<typeof setTimeout> | undefined

  /** `end` is called when the session is over, with a hint for the sign-in form. */
  constructor(
    readonly client: Client,
    public session: Session,
    readonly end: (hint: string) => void,
  ) {
    this.liveViews = new LiveViews(client)
    this.uploads = new Uploads(client, (job) => {
      if (job.site_id === this.siteId.value) this.receive({ type: 'video.job', data: job })
    })
    this.askedSites = new Refresh(() => client.sites(), (sites) => this.begin(sites), (error) => this.failToBegin(error))
  }

  /** Opens a site; returns a function that closes all. */
  start(): () => void {
    const timer = setInterval(() => (this.now.value = Date.now()), TICK_MS)
    this.askedSites.again()
    const stops = [this.uploads.start(), askBeforeLeaving(this.recorder.unsent), () => this.recorder.close()]
    return () => {
      stops.forEach((stop) => stop())
      clearInterval(timer)
      clearTimeout(this.toastTimer)
      this.askedSites.stop()
      this.close()
      this.liveViews.stop()
    }
  }

  may(scope: 'write' | 'upload' | 'admin'): boolean {
    return this.session.scopes.includes(scope) || this.session.scopes.includes('admin')
  }

  /** Shows a site: loads its lists, and opens its stream. */
  open(siteId: string): void {
    this.close()
    batch(() => {
      this.siteId.value = siteId
      this.view.value = emptyView(siteId)
      this.loaded.value = false
      this.ready.value = false
      this.answered.value = new Set()
      this.settled.value = new Set()
      this.cameras.value = []
      this.tables.value = []
      this.sections.value = []
      this.feed.value = []
    })
    store(LAST_SITE, siteId)
    this.asked = this.lists(siteId)
    this.reload(LISTS)
    const stream = openSharedStream({
      base: this.client.base,
      siteId,
      onEvent: (delta) => this.receive(delta),
      onView: (view) => this.liveViews.receive(view),
      onState: (state) => this.followStream(state),
    })
    this.liveViews.use(stream)
    this.sharedStream = stream
  }

  /** Until somebody has signed in again nothing comes and nothing is asked for; what is shown stays. */
  pause(): void {
    this.sharedStream?.pause()
  }

  /** With a session of the same rights: the stream brings what was missed. */
  goOn(session: Session): void {
    if (session === this.session) return
    this.session = session
    this.sharedStream?.goOn()
    this.uploads.reconnect()
    if (this.begun.value) this.reload(LISTS)
    else this.askedSites.again()
  }

  private followStream(state: StreamState): void {
    batch(() => {
      const hasShown = this.loaded.value || this.stream.value === 'live'
      this.lostAt.value = lostWith(state, this.lostAt.value, hasShown)
      this.stream.value = state
      this.getReady()
    })
    if (state !== 'live') this.liveViews.mistrust()
    if (state === 'waiting') void this.checkSession()
  }

  /** After a list or the stream has changed. */
  private getReady(): void {
    if (this.settled.value.size < LISTS.length) return
    if (this.loaded.value || !COMING.has(this.stream.value)) this.ready.value = true
    else this.patience ??= setTimeout(() => (this.ready.value = true), PATIENCE_MS)
  }

  /** Applies what was asked for by REST, as if the stream had brought it. */
  learn(...deltas: Delta[]): void {
    this.view.value = deltas.reduce(apply, this.view.value)
  }

  /** An event of the stream. */
  receive(delta: Delta): void {
    if (delta.type === 'site.deleted') return this.forgetSite((delta.data as { site_id: string }).site_id)
    if (delta.type === 'site.changed') this.replaceSite(delta.data as Site)
    batch(() => {
      this.write(delta)
      this.learn(delta)
      if (delta.type === 'snapshot') this.loaded.value = true
      this.getReady()
      if (delta.type === 'video.deleted') this.deleted.value = new Set(this.deleted.value).add((delta.data as { video_id: string }).video_id)
    })
    if (delta.type === 'camera.deleted') this.forgetCamera((delta.data as { camera_id: string }).camera_id)
    this.reload(this.madeOld(delta))
  }

  /** One that is shown is left for another. */
  private forgetSite(siteId: string): void {
    this.sites.value = this.sites.value.filter((site) => site.site_id !== siteId)
    if (siteId === this.siteId.value) this.askedSites.again()
  }

  replaceSite(site: Site): void {
    const known = this.sites.value
    const there = known.some((each) => each.site_id === site.site_id)
    this.sites.value = there ? known.map((each) => (each.site_id === site.site_id ? site : each)) : [...known, site]
  }

  /** A camera as it was answered: the list has it before its event comes. */
  replaceCamera(camera: Camera): void {
    if (camera.site_id !== this.siteId.value) return
    const known = this.cameras.value
    const there = known.some((each) => each.camera_id === camera.camera_id)
    this.cameras.value = there ? known.map((each) => (each.camera_id === camera.camera_id ? camera : each)) : [...known, camera]
    this.reload(['cameras'])
  }

  /** A camera was removed, and its tables with it. */
  forgetCamera(cameraId: string): void {
    this.removed.value = new Set(this.removed.value).add(cameraId)
    this.cameras.value = this.cameras.value.filter((each) => each.camera_id !== cameraId)
    this.reload(['cameras', 'tables'])
  }

  fail(error: unknown): void {
    if (error instanceof Problem && error.status === 401) return this.end(T.sessionEnded)
    this.toast.value = textOf(error)
    clearTimeout(this.toastTimer)
    this.toastTimer = setTimeout(() => (this.toast.value = ''), TOAST_MS)
  }

  /** Of the sites that the key opens it shows the one of the address, the one that was shown last, or the first. */
  private begin(sites: Site[]): void {
    batch(() => {
      this.sites.value = sites
      this.begun.value = true
    })
    const wanted = [new URLSearchParams(location.search).get('site'), stored(LAST_SITE)]
    const found = wanted.map((id) => sites.find((site) => site.site_id === id)).find(Boolean) ?? sites[0]
    if (found) return this.open(found.site_id)
    this.close()
    this.siteId.value = ''
  }

  /** Where nothing is shown yet, the reason stands in its place until the sites are there. */
  private failToBegin(error: unknown): void {
    const signedOut = error instanceof Problem && error.status === 401
    if (this.begun.value || signedOut) this.fail(error)
    else this.problem.value = textOf(error)
  }

  /** Of the site that is shown: its stream, and what was asked for. */
  private close(): void {
    clearTimeout(this.patience)
    this.patience = undefined
    this.liveViews.use(null)
    this.sharedStream?.()
    this.sharedStream = null
    for (const list of LISTS) this.asked?.[list].stop()
    this.asked = null
  }

  private lists(siteId: string): Lists {
    const { client } = this
    const list = <Item>(name: List, ask: () => Promise<Item[]>, show: (items: Item[]) => void) =>
      new Refresh(
        ask,
        (items) =>
          batch(() => {
            show(items)
            this.answered.value = withName(this.answered.value, name)
            this.settle(name)
          }),
        (error) => {
          this.settle(name)
          this.fail(error)
        },
      )
    return {
      cameras: list('cameras', () => client.cameras(siteId), (cameras) => (this.cameras.value = cameras)),
      tables: list('tables', () => client.tables(siteId), (tables) => (this.tables.value = tables)),
      sections: list('sections', () => client.sections(siteId), (sections) => (this.sections.value = sections)),
    }
  }

  private settle(name: List): void {
    this.settled.value = withName(this.settled.value, name)
    this.getReady()
  }

  private reload(lists: readonly List[]): void {
    for (const list of lists) this.asked?.[list].again()
  }

  /** The lists to ask for again after an event. A snapshot that is a reset comes in place of events that were missed. */
  private madeOld(delta: Delta): readonly List[] {
    if (delta.type === 'snapshot') return (delta.data as Snapshot).reason === 'reset' ? LISTS : []
    return STALE[delta.type] ?? (this.isOfNewTable(delta) ? ['tables'] : [])
  }

  private isOfNewTable({ type, data }: Delta): boolean {
    if (type !== 'table.state' || !this.answered.value.has('tables')) return false
    const { table_id, run_id } = data as TableState
    return run_id === null && !this.tables.value.some((table) => table.table_id === table_id)
  }

  /** The tables that a camera sees. */
  tablesOf(cameraId: string): Table[] {
    return this.tables.value.filter((table) => table.retired_at === null && (table.camera_ids ?? [table.camera_id]).includes(cameraId))
  }

  private readonly cameraName = (cameraId: string) => this.cameras.value.find((each) => each.camera_id === cameraId)?.name ?? 'Camera'

  /** Adds the line of an event to the feed. */
  private write(delta: Delta): void {
    const line = isNews(delta, this.view.value) ? feedLine(delta, this.tableLabel.value, this.cameraName) : null
    if (!line) return
    const entry = { ...line, id: ++this.entries, at: Date.now() }
    this.feed.value = [entry, ...this.feed.value].slice(0, FEED_LINES)
  }

  private async checkSession(): Promise<void> {
    await this.client.session().catch((error: unknown) => {
      if (error instanceof Problem && error.status === 401) this.end(T.sessionEnded)
    })
  }
}

function withName(names: ReadonlySet<List>, name: List): ReadonlySet<List> {
  return names.has(name) ? names : new Set(names).add(name)
}

/** The time of the loss after a state of the stream; a page that has shown nothing yet has lost nothing. */
function lostWith(state: StreamState, before: number | null, hasShown: boolean): number | null {
  const isAway = state === 'connecting' || state === 'waiting'
  return isAway ? (before ?? (hasShown ? Date.now() : null)) : null
}

function textOf(error: unknown): string {
  if (error instanceof Problem) return `${error.message} (${error.code})`
  return error instanceof Error ? error.message : String(error)
}

/** Whether an event changes what people see: a confirmation of a state does not, nor does the progress of a job. */
export function isNews(delta: Delta, before: View): boolean {
  switch (delta.type) {
    case 'video.job': {
      const job = delta.data as Job
      const known = before.videos.get(job.video_id)
      return known?.status !== job.status || known.stage !== job.stage
    }
    case 'table.state': {
      const state = delta.data as TableState
      return before.states.get(stateKey(state))?.state !== state.state
    }
    case 'hazard.alert': {
      const alert = delta.data as HazardAlert
      return before.hazards.get(alert.hazard_id)?.status !== alert.status
    }
    default:
      return true
  }
}
