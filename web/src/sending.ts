// A file that is being sent, from its choice to its last byte.
import { computed, signal } from '@preact/signals'
import { cancelUpload, fingerprint, Problem, startUpload, type Client, type Job, type NewVideo, type Upload, type UploadProgress } from './client'
import { isReadable, refusalOf } from './chosen-file'
import { randomText } from './request'
import { Speed } from './speed'
import { T } from './texts'
import { problemText } from './words'

/** `waiting`: for its turn, before its first byte, after a pause, or after the connection was lost. */
export type SendingState = 'waiting' | 'preparing' | 'sending' | 'paused' | 'failed' | 'sent' | 'cancelled'

export interface SendingOptions {
  client: Client
  file: File
  video: NewVideo
  /** Whether the file is nowhere but in this page: what was recorded. */
  inMemory?: boolean
  onCreated: (job: Job) => void
}

export class Sending {
  /** The same file with the same options has the same. */
  readonly name: string
  readonly file: File
  readonly inMemory: boolean
  readonly state = signal<SendingState>('waiting')
  /** Whether it waits for the connection, or for somebody to sign in. */
  readonly cutOff = signal(false)
  /** In ms, where the browser can read it. */
  readonly length = signal<number | null>(null)
  readonly progress = signal<UploadProgress>({ sent: 0, total: 0 })
  /** Bytes per second. */
  readonly speed = signal<number | null>(null)
  /** Whether it goes on with an earlier attempt. */
  readonly resumed = signal(false)
  /** Why it failed, with its code. */
  readonly problem = signal('')
  readonly canRetry = signal(false)
  readonly underWay = computed(() => this.state.value === 'preparing' || this.state.value === 'sending')
  private readonly pace = new Speed()
  private readonly options: SendingOptions
  private upload: Upload | null = null
  /** One that did not come to its end: another attempt goes on with it. */
  private broken: Upload | null = null
  private isStopped = false
  /** One for each video that is to be created: asked for again after a lost answer it is not created twice. */
  private once = randomText()
  private end = () => {}
  private readonly ended = new Promise<void>((resolve) => (this.end = resolve))

  /** A file that is refused here has failed before anything of it is sent. */
  constructor(options: SendingOptions) {
    this.options = options
    this.file = options.file
    this.inMemory = options.inMemory ?? false
    this.name = fingerprint(options.file, options.video)
    this.problem.value = refusalOf(options.file) ?? ''
    if (this.problem.value) this.state.value = 'failed'
  }

  get video(): NewVideo {
    return this.options.video
  }

  /** Its turn has come. Resolves when it is over: sent, failed, cut off, cancelled or stopped. */
  async begin(): Promise<void> {
    if (this.upload) return this.resume(this.upload)
    this.state.value = 'preparing'
    this.cutOff.value = false
    try {
      const upload = await this.start()
      this.once = randomText() // what is created after this is another video
      if (this.isCancelled) return await this.drop(upload)
      this.upload = upload
      if (this.isStopped) return upload.pause()
      await this.send(upload)
    } catch (error) {
      if (this.isCancelled || this.isStopped) return
      if (isLost(error) && !(await isReadable(this.file))) this.refuse(T.upload.fileChanged, false)
      else if (this.waitsAfter(error)) this.cut()
      else this.fail(error)
    }
  }

  pause(): void {
    if (this.state.value !== 'sending') return
    this.upload?.pause()
    this.speed.value = null
    this.state.value = 'paused'
  }

  /** With the page: nothing more of it is sent, and what has arrived is kept. */
  stop(): void {
    this.isStopped = true
    this.upload?.pause()
    this.end()
  }

  /** Lets it wait for its turn: after a pause, or once more after it failed. */
  wait(): void {
    if (!['paused', 'failed'].includes(this.state.value)) return
    this.problem.value = ''
    this.state.value = 'waiting'
  }

  /** For a reason that no answer has. */
  refuse(text: string, canRetry: boolean): void {
    this.problem.value = text
    this.canRetry.value = canRetry
    this.state.value = 'failed'
  }

  /** Stops sending, and cancels the video: at once, or as soon as it is created. */
  async cancel(): Promise<void> {
    const isForgotten = this.cutOff.value || this.inMemory // of a failed one the same file may be chosen again
    const upload = this.upload ?? (isForgotten ? this.broken : null)
    this.state.value = 'cancelled'
    if (upload) await this.drop(upload)
    this.end()
  }

  private get isCancelled(): boolean {
    return this.state.value === 'cancelled'
  }

  /** Without the time of its beginning where that is refused: the clock of this device may be wrong. */
  private async start(): Promise<Upload> {
    try {
      return await this.startUpload()
    } catch (error) {
      if (!isOfStartedAt(error) || this.options.video.started_at === undefined) throw error
      const { started_at: _, ...video } = this.options.video
      this.options.video = video
      this.once = randomText()
      return this.startUpload()
    }
  }

  private startUpload(): Promise<Upload> {
    const { client, file, video, onCreated } = this.options
    return startUpload({ client, file, video, onCreated, once: this.once, inMemory: this.inMemory, onProgress: (progress) => this.show(progress) })
  }

  private async send(upload: Upload): Promise<void> {
    this.resumed.value = upload.resumed
    this.pace.reset()
    this.state.value = 'sending'
    upload.done.catch(() => undefined) // it may fail when nobody waits for it any more
    const isDone = await Promise.race([upload.done.then(() => true), this.ended.then(() => false)])
    if (isDone) this.state.value = 'sent'
  }

  private resume(upload: Upload): void {
    this.pace.reset()
    this.state.value = 'sending'
    upload.resume()
  }

  private async drop(upload: Upload): Promise<void> {
    upload.done.catch(() => undefined) // nobody waits for it any more
    upload.pause()
    const name = fingerprint(this.file, this.video)
    await cancelUpload(this.options.client, { name, videoId: upload.videoId }).catch(() => undefined)
    await upload.abort().catch(() => undefined)
  }

  /** Whether it goes on by itself: ingest's 401 is of the upload, and no session ends it. */
  private waitsAfter(error: unknown): boolean {
    if (!(error instanceof Problem)) return false
    return isLost(error) || (error.status === 401 && this.upload === null)
  }

  private cut(): void {
    this.leave()
    this.cutOff.value = true
    this.state.value = 'waiting'
  }

  private fail(error: unknown): void {
    this.leave()
    this.problem.value = problemText(error)
    this.canRetry.value = canRetry(error)
    this.state.value = 'failed'
  }

  private leave(): void {
    this.broken = this.upload ?? this.broken
    this.upload = null
    this.speed.value = null
  }

  private show(progress: UploadProgress): void {
    if (this.state.value !== 'sending') return
    // Of a part that broke off nothing has arrived.
    if (progress.sent < this.progress.value.sent) this.pace.reset()
    this.progress.value = progress
    this.speed.value = this.pace.after(progress.sent, Date.now())
  }
}

/** Whether the same file may be taken another time: not where the file itself was refused. */
function canRetry(error: unknown): boolean {
  return !(error instanceof Problem) || error.retryable === true || ![413, 415, 422].includes(error.status)
}

function isLost(error: unknown): boolean {
  return error instanceof Problem && error.status === 0
}

function isOfStartedAt(error: unknown): boolean {
  return error instanceof Problem && error.status === 422 && (error.code === 'started_at_invalid' || error.pointer === '/started_at')
}
