// A file that is being sent, from its choice to its last byte.
import { computed, signal } from '@preact/signals'
import { fingerprint, Problem, startUpload, type Client, type Job, type NewVideo, type Upload, type UploadProgress } from './client'
import { refusalOf } from './chosen-file'
import { Speed } from './speed'
import { problemText } from './words'

/** `waiting`: for its turn, before its first byte or after a pause. */
export type SendingState = 'waiting' | 'preparing' | 'sending' | 'paused' | 'failed' | 'sent' | 'cancelled'

export class Sending {
  /** The same file with the same options has the same. */
  readonly name: string
  readonly state = signal<SendingState>('waiting')
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
  private upload: Upload | null = null

  /** A file that is refused here has failed before anything of it is sent. */
  constructor(
    private readonly client: Client,
    readonly file: File,
    readonly video: NewVideo,
    private readonly onCreated: (job: Job) => void,
  ) {
    this.name = fingerprint(file, video)
    this.problem.value = refusalOf(file) ?? ''
    if (this.problem.value) this.state.value = 'failed'
  }

  /** Its turn has come. Resolves when it is over: sent, failed or cancelled. */
  async begin(): Promise<void> {
    if (this.upload) return this.resume(this.upload)
    this.state.value = 'preparing'
    try {
      const { client, file, video, onCreated } = this
      const upload = await startUpload({ client, file, video, onCreated, onProgress: (progress) => this.show(progress) })
      if (this.isCancelled) return await this.drop(upload)
      this.upload = upload
      this.resumed.value = upload.resumed
      this.state.value = 'sending'
      await upload.done
      this.state.value = 'sent'
    } catch (error) {
      if (!this.isCancelled) this.fail(error)
    }
  }

  pause(): void {
    if (this.state.value !== 'sending') return
    this.upload?.pause()
    this.speed.value = null
    this.state.value = 'paused'
  }

  /** Lets it wait for its turn: after a pause, or once more after it failed. */
  wait(): void {
    if (!['paused', 'failed'].includes(this.state.value)) return
    this.problem.value = ''
    this.state.value = 'waiting'
  }

  /** Stops sending, and cancels the video: at once, or as soon as it is created. */
  async cancel(): Promise<void> {
    const { upload } = this
    const failed = this.state.value === 'failed'
    this.state.value = 'cancelled'
    if (upload && !failed) await this.drop(upload)
  }

  private get isCancelled(): boolean {
    return this.state.value === 'cancelled'
  }

  private resume(upload: Upload): void {
    this.pace.reset()
    this.state.value = 'sending'
    upload.resume()
  }

  private async drop(upload: Upload): Promise<void> {
    upload.done.catch(() => undefined) // nobody waits for it any more
    await upload.abort().catch(() => undefined)
    await this.client.cancel(upload.videoId).catch(() => undefined)
  }

  private fail(error: unknown): void {
    this.upload = null
    this.speed.value = null
    this.problem.value = problemText(error)
    this.canRetry.value = canRetry(error)
    this.state.value = 'failed'
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
