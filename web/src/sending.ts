// An upload of this session. It goes on while another view is shown.
import { computed, signal } from '@preact/signals'
import { Problem, startUpload, type Client, type Job, type NewVideo, type Upload, type UploadProgress } from './client'
import { lengthOf, refusalOf } from './chosen-file'
import { bytes, clockTime } from './format'
import { T } from './texts'

export class Sending {
  /** Name of the file that is sent; null: none is. */
  readonly name = signal<string | null>(null)
  /** Its size, and its length where the browser can tell. */
  readonly facts = signal('')
  /** Per cent. */
  readonly progress = signal(0)
  readonly note = signal('')
  readonly paused = signal(false)
  readonly problem = signal('')
  /** Whether there is something to pause: not while the video is created. */
  readonly canPause = computed(() => this.upload.value !== null)
  private readonly upload = signal<Upload | null>(null)
  /** Number of the attempt that is shown; what an earlier one still brings is not. */
  private attempt = 0
  private started = 0
  private startBytes: number | null = null

  constructor(
    private readonly client: Client,
    private readonly onCreated: (job: Job) => void,
  ) {}

  async send(file: File, video: NewVideo): Promise<void> {
    if (this.name.value !== null) return
    this.problem.value = refusalOf(file) ?? ''
    if (this.problem.value) return
    const attempt = ++this.attempt
    const isCurrent = () => this.attempt === attempt
    this.begin(file)
    void lengthOf(file).then((length) => {
      if (isCurrent() && length !== null) this.facts.value = `${bytes(file.size)} · ${clockTime(length)}`
    })
    try {
      const { client, onCreated } = this
      const onProgress = (progress: UploadProgress) => isCurrent() && this.show(progress)
      const upload = await startUpload({ client, file, video, onProgress, onCreated })
      if (!isCurrent()) return await this.drop(upload)
      this.upload.value = upload
      if (upload.resumed) this.note.value = T.upload.resumed
      await upload.done
    } catch (error) {
      const reason = (error as Error).message
      if (isCurrent()) this.problem.value = error instanceof Problem ? `${reason} (${error.code})` : reason
    } finally {
      if (isCurrent()) this.reset()
    }
  }

  togglePause(): void {
    const upload = this.upload.value
    if (!upload) return
    this.paused.value = !this.paused.value
    if (this.paused.value) upload.pause()
    else upload.resume()
  }

  /** Stops sending, and cancels the video: at once, or as soon as it is created. */
  async abort(): Promise<void> {
    const running = this.upload.value
    this.attempt += 1
    this.reset()
    if (running) await this.drop(running)
  }

  private async drop(upload: Upload): Promise<void> {
    upload.done.catch(() => undefined) // nobody waits for it any more
    await upload.abort().catch(() => undefined)
    await this.client.cancel(upload.videoId).catch(() => undefined)
  }

  private begin({ name, size }: File): void {
    this.name.value = name
    this.facts.value = bytes(size)
    this.note.value = T.upload.preparing
    this.started = Date.now()
    this.startBytes = null
  }

  private show({ sent, total }: UploadProgress): void {
    this.startBytes ??= sent
    this.progress.value = total ? (sent / total) * 100 : 0
    const seconds = (Date.now() - this.started) / 1000
    const speed = seconds > 0.5 ? `, ${bytes((sent - this.startBytes) / seconds)}/s` : ''
    this.note.value = T.upload.sent(bytes(sent), bytes(total)) + speed
  }

  private reset(): void {
    this.upload.value = null
    this.paused.value = false
    this.progress.value = 0
    this.name.value = null
  }
}
