// Connects the panels with the client: one model, changed by events, drawn at most once an animation frame.
import {
  apply,
  Client,
  emptyView,
  openSharedStream,
  Problem,
  type Delta,
  type Job,
  type Layout,
  type Site,
  type StreamState,
  type StateTransition,
  type View,
} from './client'
import { h, setText, setAttribute, setVisible } from './dom'
import { FrameLoader } from './frames'
import { runOrigin, selectedJob, tableLabel, type Model, type Subject } from './model'
import { feedPanel } from './panels/feed'
import { framesPanel } from './panels/frames'
import { hazardsPanel } from './panels/hazards'
import { jobPanel } from './panels/job'
import { picturePanel } from './panels/picture'
import { tablesPanel } from './panels/tables'
import { uploadPanel } from './panels/upload'
import { videosPanel } from './panels/videos'
import { feedLine, timeOfDay } from './format'

const LIVE_MS = 1000
const FEED_LINES = 200
const LAST_SITE = 'tablewatch-site'
const STREAM_WORDS: Record<StreamState, string> = {
  connecting: 'Connecting…',
  live: 'Live',
  waiting: 'Connection lost, trying again…',
  paused: 'Paused while hidden',
  closed: 'Closed',
}

interface Panel {
  element: HTMLElement
  update(model: Model): void
}

/** The page of a signed-in user. `run` resolves when the session has ended, with a hint for the sign-in form. */
export class Page {
  private model: Model
  private readonly panels: Panel[]
  private readonly ended: Promise<string>
  private end!: (hint: string) => void
  private closeStream = () => {}
  private loader: FrameLoader | null = null
  private loadingLive = false
  private layouts = new Map<string, Promise<Layout | null>>()
  private drawScheduled = false
  private entries = 0
  private readonly status = h('span', { class: 'stream', role: 'status' })
  private readonly toast = h('p', { class: 'toast error', role: 'alert' })
  private readonly sites = h('select', { 'aria-label': 'Site', onchange: () => this.open(this.sites.value) })

  constructor(
    private readonly root: HTMLElement,
    private readonly client: Client,
  ) {
    this.model = fresh('')
    this.ended = new Promise((resolve) => (this.end = resolve))
    const fail = (error: unknown) => this.fail(error)
    this.panels = [
      uploadPanel(client, (job) => {
        this.receive({ type: 'video.job', data: job })
        this.select({ video: job.video_id })
      }),
      videosPanel((subject) => this.select(subject)),
      jobPanel(client, fail),
      picturePanel((index) => this.change({ chosen: index })),
      tablesPanel(this.client, (fraction) => this.seek(fraction)),
      hazardsPanel(client, fail, (time) => this.seekTime(time)),
      framesPanel(() => this.loader?.more(), (index) => this.change({ chosen: index })),
      feedPanel(),
    ]
  }

  async run(): Promise<string> {
    this.build()
    const timer = setInterval(() => this.change({ now: Date.now() }), 5000)
    const pictures = setInterval(() => void this.loadLive(), LIVE_MS)
    try {
      await this.start()
      return await this.ended
    } finally {
      clearInterval(timer)
      clearInterval(pictures)
      this.closeStream()
    }
  }

  /** Lists the sites that the key opens, and shows the one that was shown last, or the first. */
  private async start(): Promise<void> {
    const sites = await this.client.sites()
    this.change({ sites })
    this.sites.replaceChildren(...sites.map((site) => h('option', { value: site.site_id }, site.name)))
    const last = sites.find((site) => site.site_id === localStorage.getItem(LAST_SITE)) ?? sites[0]
    if (last) return this.open(last.site_id)
    this.change(fresh(''))
    this.fail(new Error('This key opens no site. Make one with POST /v1/sites.'))
  }

  private build(): void {
    const [upload, videos, job, picture, tables, hazards, frames, feed] = this.panels.map((panel) => panel.element)
    const signOut = h('button', { type: 'button', onclick: () => void this.signOut() }, 'Sign out')
    setVisible(this.toast, false)
    this.root.replaceChildren(
      h(
        'header',
        { class: 'bar' },
        h('span', { class: 'wordmark' }, h('span', { class: 'mark', 'aria-hidden': 'true' }), 'tablewatch'),
        this.sites,
        this.status,
        h('a', { href: 'docs' }, 'API'),
        signOut,
      ),
      h(
        'main',
        { class: 'page' },
        h('div', { class: 'side' }, upload ?? null, videos ?? null),
        h('div', { class: 'middle' }, job ?? null, picture ?? null, frames ?? null),
        h('div', { class: 'side right' }, tables ?? null, hazards ?? null, feed ?? null),
      ),
      this.toast,
    )
  }

  /** Shows a site: loads its cameras, and opens its stream. */
  private open(siteId: string): void {
    this.closeStream()
    this.loader = null
    this.model = { ...fresh(siteId), sites: this.model.sites }
    this.sites.value = siteId
    localStorage.setItem(LAST_SITE, siteId)
    this.client.cameras(siteId).then((cameras) => this.change({ cameras }), (error: unknown) => this.fail(error))
    this.closeStream = openSharedStream({
      base: this.client.base,
      siteId,
      onEvent: (delta) => this.receive(delta),
      onState: (stream) => {
        this.change({ stream })
        if (stream === 'waiting') void this.checkSession()
      },
    })
  }

  private receive(delta: Delta): void {
    if (delta.type === 'site.deleted') return void this.start().catch((error: unknown) => this.fail(error))
    if (delta.type === 'site.changed') this.rename(delta.data as Site)
    const view = apply(this.model.view, delta)
    const line = getsALine(delta, this.model.view) ? feedLine(delta, tableLabel(this.model)) : null
    const feed = line
      ? [{ ...line, id: ++this.entries, at: Date.now() }, ...this.model.feed].slice(0, FEED_LINES)
      : this.model.feed
    this.change({ view, feed, loaded: this.model.loaded || delta.type === 'snapshot' })
    if (delta.type === 'snapshot' || delta.type === 'video.deleted') this.checkSubject()
    const job = selectedJob(this.model)
    if (job) this.loader?.onJob(job)
    void this.useLayout()
  }

  private rename(changed: Site): void {
    this.change({ sites: this.model.sites.map((site) => (site.site_id === changed.site_id ? changed : site)) })
    const option = [...this.sites.options].find((each) => each.value === changed.site_id)
    if (option) option.textContent = changed.name
  }

  /** Selects a live camera, or else the newest video, if what is selected does not exist. */
  private checkSubject(): void {
    const { subject, view, cameras } = this.model
    if (subject && ('camera' in subject || view.videos.has(subject.video))) return
    const live = [...view.cameras.values()].find((each) => each.status === 'live')
    if (live) return this.select({ camera: live.camera_id })
    const newest = [...view.videos.values()].sort((one, two) => two.created_at.localeCompare(one.created_at))[0]
    const camera = cameras[0]
    this.select(newest ? { video: newest.video_id } : camera ? { camera: camera.camera_id } : null)
  }

  private select(subject: Subject): void {
    this.change({ subject, frames: [], moreFrames: false, chosen: null, layout: null, live: null })
    void this.loadLive()
    const job = selectedJob(this.model)
    this.loader = job ? this.framesOf(job.video_id) : null
    if (job) {
      this.loader?.onJob(job)
      this.loadPast(job.run_id)
    }
    void this.useLayout()
  }

  /** Loads the newest picture of the selected camera. What fails is tried again a second later. */
  private async loadLive(): Promise<void> {
    const { subject, view } = this.model
    if (!subject || !('camera' in subject) || document.hidden || this.loadingLive) return
    if (view.cameras.get(subject.camera)?.status !== 'live') {
      if (this.model.live) this.change({ live: null }) // an old picture would look like now
      return
    }
    this.loadingLive = true
    const live = await this.client.cameraView(subject.camera).catch(() => null)
    this.loadingLive = false
    if (live && this.model.subject === subject) this.change({ live })
  }

  private framesOf(videoId: string): FrameLoader {
    const isSelected = () => this.model.subject && 'video' in this.model.subject && this.model.subject.video === videoId
    return new FrameLoader(
      this.client,
      videoId,
      ({ items, more }) => {
        if (isSelected()) this.change({ frames: items, moreFrames: more })
      },
      (error) => this.fail(error),
    )
  }

  /** Loads the transitions of a run that happened before this page was open. */
  private loadPast(runId: string): void {
    const add = (transitions: StateTransition[]) => {
      const oldestFirst = [...transitions].reverse()
      const view = oldestFirst.reduce((known, data) => apply(known, { type: 'table.state', data }), this.model.view)
      this.change({ view })
    }
    this.client.stateHistory({ runId }).then(add, (error: unknown) => this.fail(error))
  }

  /** Shows the layout that the states were made with, else the camera's newest. */
  private async useLayout(): Promise<void> {
    const { subject, view } = this.model
    const job = selectedJob(this.model)
    const camera = subject && 'camera' in subject ? subject.camera : (job?.camera_id ?? null)
    if (camera === null) return
    const state = [...view.states.values()].find((each) => each.run_id === (job?.run_id ?? null) && each.camera_ids.includes(camera))
    const layout = await this.layoutOf(camera, state?.evidence.layout_version ?? null)
    if (this.model.subject === subject && this.model.layout !== layout) this.change({ layout })
  }

  private layoutOf(camera: string, version: number | null): Promise<Layout | null> {
    const key = `${camera}/${version}`
    const known = this.layouts.get(key)
    if (known) return known
    const loading = this.client.layout(camera, version).catch((error: unknown) => {
      if (!(error instanceof Problem && error.status === 404)) this.layouts.delete(key)
      return null
    })
    this.layouts.set(key, loading)
    return loading
  }

  /** Shows the last frame before a point of the video, given as a fraction of its length. */
  private seek(fraction: number): void {
    const length = selectedJob(this.model)?.video?.duration_ms
    const { frames } = this.model
    if (!length || runOrigin(this.model) === null) return
    const found = frames.findLastIndex((frame) => frame.media_ms <= fraction * length)
    this.change({ chosen: Math.max(0, found) })
  }

  /** Shows the first frame at or after a time of the run. */
  private seekTime(time: string): void {
    const found = this.model.frames.findIndex((frame) => frame.captured_at >= time)
    if (found >= 0) this.change({ chosen: found })
  }

  private async checkSession(): Promise<void> {
    await this.client.session().catch((error: unknown) => {
      if (error instanceof Problem && error.status === 401) this.end('The session has ended. Sign in again.')
    })
  }

  private async signOut(): Promise<void> {
    await this.client.signOut().catch(() => undefined)
    this.end('')
  }

  private fail(error: unknown): void {
    if (error instanceof Problem && error.status === 401) return this.end('The session has ended. Sign in again.')
    setText(this.toast, error instanceof Error ? error.message : String(error))
    setVisible(this.toast, true)
    setTimeout(() => setVisible(this.toast, false), 8000)
  }

  private change(what: Partial<Model>): void {
    this.model = { ...this.model, ...what }
    if (this.drawScheduled) return
    this.drawScheduled = true
    requestAnimationFrame(() => {
      this.drawScheduled = false
      this.draw()
    })
  }

  private draw(): void {
    setText(this.status, STREAM_WORDS[this.model.stream])
    setAttribute(this.status, 'data-state', this.model.stream)
    setAttribute(this.status, 'title', `${STREAM_WORDS[this.model.stream]} (${timeOfDay(this.model.now)})`)
    for (const panel of this.panels) panel.update(this.model)
  }
}

/** The feed has a line for each status and stage of a job, not for its progress. */
function getsALine(delta: Delta, before: View): boolean {
  if (delta.type !== 'video.job') return true
  const job = delta.data as Job
  const known = before.videos.get(job.video_id)
  return known?.status !== job.status || known.stage !== job.stage
}

function fresh(siteId: string): Model {
  return {
    sites: [],
    cameras: [],
    view: emptyView(siteId),
    stream: 'connecting',
    loaded: false,
    subject: null,
    layout: null,
    frames: [],
    moreFrames: false,
    live: null,
    chosen: null,
    feed: [],
    now: Date.now(),
  }
}
