// What the page knows of a site: lists by REST, kept current by its event stream. Views read the signals.
import { batch, computed, signal, type Signal } from '@preact/signals'
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
  type Site,
  type StreamState,
  type Table,
  type View,
} from './client'
import { feedLine, tableName } from './format'
import type { FeedEntry } from './model'
import { Sending } from './sending'
import { T } from './texts'

const FEED_LINES = 200
const LAST_SITE = 'tablewatch-site'
const TOAST_MS = 8000
const TICK_MS = 5000

/** Events after which a list is asked for again. */
const STALE: Record<string, readonly List[]> = {
  'camera.config': ['cameras', 'tables'],
  'camera.deleted': ['cameras', 'tables'],
  'section.changed': ['sections'],
  'section.deleted': ['sections', 'tables'],
}

type List = 'cameras' | 'tables' | 'sections'

export class Store {
  readonly sites = signal<readonly Site[]>([])
  /** Whether the sites were listed. */
  readonly begun = signal(false)
  readonly siteId = signal('')
  readonly cameras = signal<readonly Camera[]>([])
  readonly tables = signal<readonly Table[]>([])
  readonly sections = signal<readonly Section[]>([])
  readonly view = signal<View>(emptyView(''))
  readonly stream = signal<StreamState>('connecting')
  /** Whether a snapshot was received. */
  readonly loaded = signal(false)
  /** Whether its tables were listed. */
  readonly listed = signal(false)
  /** Videos that were deleted while this page was open. */
  readonly deleted = signal<ReadonlySet<string>>(new Set())
  readonly sending: Sending
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
  private closeStream = () => {}
  private entries = 0
  private toastTimer: ReturnType<typeof setTimeout> | undefined

  /** `end` is called when the session is over, with a hint for the sign-in form. */
  constructor(
    readonly client: Client,
    readonly session: Session,
    readonly end: (hint: string) => void,
  ) {
    this.sending = new Sending(client, (job) => this.receive({ type: 'video.job', data: job }))
  }

  /** Opens a site; returns a function that closes all. */
  start(): () => void {
    const timer = setInterval(() => (this.now.value = Date.now()), TICK_MS)
    this.begin().catch((error: unknown) => this.fail(error))
    return () => {
      clearInterval(timer)
      clearTimeout(this.toastTimer)
      this.closeStream()
    }
  }

  may(scope: 'write' | 'upload' | 'admin'): boolean {
    return this.session.scopes.includes(scope) || this.session.scopes.includes('admin')
  }

  /** Shows a site: loads its lists, and opens its stream. */
  open(siteId: string): void {
    this.closeStream()
    batch(() => {
      this.siteId.value = siteId
      this.view.value = emptyView(siteId)
      this.loaded.value = this.listed.value = false
      this.cameras.value = []
      this.tables.value = []
      this.sections.value = []
      this.feed.value = []
    })
    localStorage.setItem(LAST_SITE, siteId)
    this.reload(['cameras', 'tables', 'sections'])
    this.closeStream = openSharedStream({
      base: this.client.base,
      siteId,
      onEvent: (delta) => this.receive(delta),
      onState: (state) => {
        this.stream.value = state
        if (state === 'waiting') void this.checkSession()
      },
    })
  }

  /** Applies what was asked for by REST, as if the stream had brought it. */
  learn(...deltas: Delta[]): void {
    this.view.value = deltas.reduce(apply, this.view.value)
  }

  /** An event of the stream. */
  receive(delta: Delta): void {
    if (delta.type === 'site.deleted') return void this.begin().catch((error: unknown) => this.fail(error))
    if (delta.type === 'site.changed') this.replaceSite(delta.data as Site)
    batch(() => {
      this.write(delta)
      this.learn(delta)
      if (delta.type === 'snapshot') this.loaded.value = true
      if (delta.type === 'video.deleted') this.deleted.value = new Set(this.deleted.value).add((delta.data as { video_id: string }).video_id)
    })
    this.reload(STALE[delta.type] ?? (this.isOfNewTable(delta) ? ['tables'] : []))
  }

  replaceSite(site: Site): void {
    const known = this.sites.value
    const there = known.some((each) => each.site_id === site.site_id)
    this.sites.value = there ? known.map((each) => (each.site_id === site.site_id ? site : each)) : [...known, site]
  }

  fail(error: unknown): void {
    if (error instanceof Problem && error.status === 401) return this.end(T.sessionEnded)
    this.toast.value = error instanceof Problem ? `${error.message} (${error.code})` : error instanceof Error ? error.message : String(error)
    clearTimeout(this.toastTimer)
    this.toastTimer = setTimeout(() => (this.toast.value = ''), TOAST_MS)
  }

  /** Lists the sites that the key opens, and shows the one of the address, the one that was shown last, or the first. */
  private async begin(): Promise<void> {
    const sites = await this.client.sites()
    batch(() => {
      this.sites.value = sites
      this.begun.value = true
    })
    const wanted = [new URLSearchParams(location.search).get('site'), localStorage.getItem(LAST_SITE)]
    const found = wanted.map((id) => sites.find((site) => site.site_id === id)).find(Boolean) ?? sites[0]
    if (found) return this.open(found.site_id)
    this.closeStream()
    this.siteId.value = ''
  }

  private reload(lists: readonly List[]): void {
    const site = this.siteId.value
    const load = <Item>(list: Signal<readonly Item[]>, asked: Promise<Item[]>) =>
      asked.then(
        (items) => {
          if (this.siteId.value === site) list.value = items
        },
        (error: unknown) => this.fail(error),
      )
    const asked = lists.map((list) => {
      if (list === 'cameras') return load(this.cameras, this.client.cameras(site))
      if (list === 'sections') return load(this.sections, this.client.sections(site))
      return load(this.tables, this.client.tables(site))
    })
    if (lists.includes('tables')) void Promise.all(asked).then(() => (this.listed.value ||= this.siteId.value === site))
  }

  private isOfNewTable({ type, data }: Delta): boolean {
    if (type !== 'table.state' || !this.listed.value) return false
    const { table_id, run_id } = data as TableState
    return run_id === null && !this.tables.value.some((table) => table.table_id === table_id)
  }

  /** Adds the line of an event to the feed. */
  private write(delta: Delta): void {
    const line = isNews(delta, this.view.value) ? feedLine(delta, this.tableLabel.value) : null
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
