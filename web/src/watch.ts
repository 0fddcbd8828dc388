// What is looked at, a video or a camera: its frames, its layout and its past, loaded as they are needed.
import { computed, effect, signal, untracked } from '@preact/signals'
import { Problem, type Client, type CameraView, type Frame, type Job, type Layout } from './client'
import { FrameLoader } from './frames'
import { newestLoaded } from './loaded'
import { runOrigin, type Model, type Subject } from './model'
import { Refresh } from './refresh'
import type { Store } from './store'

const MOST_HAZARDS = 200
/** Of a camera whose newest picture is of now. */
export const SEES: ReadonlySet<string> = new Set(['live', 'verified', 'degraded'])

const PARTS = ['frames', 'layout', 'past'] as const
type Part = (typeof PARTS)[number]

export class Watch {
  readonly frames = signal<readonly Frame[]>([])
  readonly moreFrames = signal(false)
  /** The frame in the picture; null follows the newest. */
  readonly chosen = signal<number | null>(null)
  /** Whether pictures are loaded up to one that is wanted. */
  readonly seeking = signal(false)
  readonly layout = signal<Layout | null>(null)
  /** The newest judged frame of a camera whose picture is loaded. */
  readonly live = signal<CameraView | null>(null)
  /** Whether there is no such video. */
  readonly gone = signal(false)
  /** Of a video: whether its first frames, its layout and its past have come, or failed to. */
  readonly ready = computed(() => PARTS.every((part) => this.come.value.has(part)))
  private readonly come = signal<ReadonlySet<Part>>(new Set())
  readonly job = computed(() => {
    const { subject } = this
    return 'video' in subject ? (this.store.view.value.videos.get(subject.video) ?? null) : null
  })
  readonly model = computed<Model>(() => ({
    view: this.store.view.value,
    now: this.store.now.value,
    subject: this.subject,
    layout: this.layout.value,
    frames: this.frames.value,
    moreFrames: this.moreFrames.value,
    chosen: this.chosen.value,
  }))
  /**
   * Which layout shows it, as camera and version: of a camera the one that its picture was judged with; of a run the one
   * that its states were made with; else the newest.
   */
  private readonly wantedLayout = computed(() => {
    if ('camera' in this.subject) return this.layoutOfCamera(this.subject.camera)
    const job = this.job.value
    const camera = job?.camera_id ?? null
    if (camera === null) return ''
    const states = [...this.store.view.value.states.values()]
    const state = states.find((each) => each.run_id === (job?.run_id ?? null) && each.camera_ids.includes(camera))
    return `${camera}/${state?.evidence.layout_version ?? ''}`
  })
  private readonly client: Client
  private loader: FrameLoader | null = null
  private run: string | null = null
  private askedJob: Refresh<Job> | null = null
  /** Number of the last wish to see a frame: an earlier one that is still loading is not met. */
  private wish = 0

  constructor(
    private readonly store: Store,
    readonly subject: Subject,
  ) {
    this.client = store.client
  }

  /** Begins to load; returns a function that ends it. */
  start(): () => void {
    const stops: (() => void)[] = [
      effect(() => {
        const [job, loaded] = [this.job.value, this.store.loaded.value]
        if ('video' in this.subject && this.store.deleted.value.has(this.subject.video)) this.gone.value = true
        else if (loaded) untracked(() => this.onJob(job))
      }),
      effect(() => {
        const wanted = this.wantedLayout.value
        untracked(() => void this.useLayout(wanted))
      }),
    ]
    if ('camera' in this.subject) stops.push(this.followCamera(this.subject.camera))
    stops.push(() => this.askedJob?.stop())
    return () => stops.forEach((stop) => stop())
  }

  choose(index: number | null): void {
    this.wish += 1
    this.seeking.value = false
    this.chosen.value = index
  }

  /** A newer link to a picture whose link has expired; null: there is none. */
  async renewed(frame: Frame): Promise<string | null> {
    return (await this.loader?.renewed(frame).catch(() => null)) ?? null
  }

  more(): void {
    this.loader?.more()
  }

  /** Shows the last frame before a point of the video, given as a fraction of its length. */
  async seek(fraction: number): Promise<void> {
    const length = this.job.value?.video?.duration_ms
    if (!length || runOrigin(this.model.value) === null) return
    const time = fraction * length
    if (!(await this.loadUntil((frame) => frame.media_ms >= time))) return
    this.chosen.value = Math.max(0, this.frames.value.findLastIndex((frame) => frame.media_ms <= time))
  }

  /** Shows the first frame at or after a media time in ms; past the last one, the last. */
  async jump(ms: number): Promise<void> {
    if (!(await this.loadUntil((frame) => frame.media_ms >= ms))) return
    const found = this.frames.value.findIndex((frame) => frame.media_ms >= ms)
    this.chosen.value = found >= 0 ? found : Math.max(0, this.frames.value.length - 1)
  }

  /** Shows the first frame at or after a time of the run. */
  async seekTime(time: string): Promise<void> {
    if (!(await this.loadUntil((frame) => frame.captured_at >= time))) return
    const found = this.frames.value.findIndex((frame) => frame.captured_at >= time)
    if (found >= 0) this.chosen.value = found
  }

  /** Loads the frames up to one that `isThere`; returns whether they came so far and that is still wanted. */
  private async loadUntil(isThere: (newest: Frame) => boolean): Promise<boolean> {
    const [wish, loader] = [++this.wish, this.loader]
    this.seeking.value = true
    const reached = await loader?.until(isThere)
    if (this.wish !== wish) return false
    this.seeking.value = false
    return this.loader === loader && reached === true
  }

  private onJob(job: Job | null): void {
    if ('camera' in this.subject) return
    this.askedJob?.stop()
    if (job === null) return this.askForJob(this.subject.video)
    if (this.run !== job.run_id) this.startRun(job)
    this.loader?.onJob(job)
  }

  private layoutOfCamera(camera: string): string {
    const newest = this.store.cameras.value.find((each) => each.camera_id === camera)?.layout_version
    const version = this.live.value?.layout_version ?? newest ?? null
    return version === null ? '' : `${camera}/${version}`
  }

  private startRun(job: Job): void {
    this.run = job.run_id
    if (this.wantedLayout.value === '') this.hasCome('layout') // there is none
    const loader = new FrameLoader(
      this.client,
      job.video_id,
      ({ items, more }) => {
        if (this.loader !== loader) return // of an earlier run
        this.frames.value = items
        this.moreFrames.value = more
        this.hasCome('frames')
      },
      (error) => this.store.fail(error),
    )
    this.loader = loader
    this.loadPast(job.run_id)
      .catch((error: unknown) => this.store.fail(error))
      .finally(() => this.hasCome('past'))
  }

  /** A video that the snapshot of the stream does not have: an older one, or one of another site. */
  private askForJob(video: string): void {
    this.askedJob = new Refresh(
      () => this.client.job(video),
      (job) => {
        if (job.site_id !== this.store.siteId.value) this.store.open(job.site_id)
        else this.store.learn({ type: 'video.job', data: job })
      },
      (error) => {
        if (!(error instanceof Problem) || error.status !== 404) return this.store.fail(error)
        this.gone.value = true
        this.askedJob?.stop()
      },
    )
    this.askedJob.again()
  }

  /** Loads the transitions and alerts of a run from before this page was open. */
  private async loadPast(runId: string): Promise<void> {
    const [transitions, hazards] = await Promise.all([
      this.client.stateHistory({ runId }),
      this.client.hazards({ runId }, null, MOST_HAZARDS),
    ])
    const states = [...transitions].reverse().map((data) => ({ type: 'table.state', data }))
    this.store.learn(...states, ...hazards.items.map((data) => ({ type: 'hazard.alert', data })))
  }

  private async useLayout(wanted: string): Promise<void> {
    const [camera, version] = wanted.split('/')
    const layout = camera ? await this.client.layout(camera, version ? Number(version) : null).catch(() => null) : null
    if (this.wantedLayout.value !== wanted) return
    this.layout.value = layout
    if (wanted !== '') this.hasCome('layout')
  }

  private hasCome(part: Part): void {
    if (!this.come.value.has(part)) this.come.value = new Set(this.come.value).add(part)
  }

  /** The newest judged pictures of a camera while it sees and has tables: without them nothing is judged. */
  private followCamera(camera: string): () => void {
    const judged = computed(() => {
      const { view, liveViews } = this.store
      return SEES.has(view.value.cameras.get(camera)?.status ?? '') && this.store.tablesOf(camera).length > 0 ? liveViews : null
    })
    return effect(() => {
      const views = judged.value
      untracked(() => (this.live.value = null)) // an old picture would look like now
      return views ? newestLoaded((onView) => views.look(camera, onView), (view) => (this.live.value = view)) : undefined
    })
  }
}
