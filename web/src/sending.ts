// An upload of this session. It goes on while another view is shown.
import { signal } from '@preact/signals'
import { Problem, startUpload, type Client, type Job, type NewVideo, type Upload } from './client'
import { bytes } from './format'
import { T } from './texts'

export class Sending {
  /** Name of the file that is sent; null: none is. */
  readonly name = signal<string | null>(null)
  /** Per cent. */
  readonly progress = signal(0)
  readonly note = signal('')
  readonly paused = signal(false)
  readonly problem = signal('')
  private upload: Upload | null = null
  private started = 0
  private startBytes: number | null = null

  constructor(
    private readonly client: Client,
    private readonly onCreated: (job: Job) => void,
  ) {}

  async send(file: File, video: NewVideo): Promise<void> {
    if (this.name.value !== null) return
    this.begin(file.name)
    try {
      const { client, onCreated } = this
      this.upload = await startUpload({ client, file, video, onProgress: (progress) => this.show(progress), onCreated })
      if (this.upload.resumed) this.note.value = T.upload.resumed
      await this.upload.done
    } catch (error) {
      const reason = (error as Error).message
      this.problem.value = error instanceof Problem ? `${reason} (${error.code})` : reason
    } finally {
      this.reset()
    }
  }

  togglePause(): void {
    if (!this.upload) return
    this.paused.value = !this.paused.value
    if (this.paused.value) this.upload.pause()
    else this.upload.resume()
  }

  /** Stops sending, and cancels the video. */
  async abort(): Promise<void> {
    const running = this.upload
    this.reset()
    await running?.abort()
    if (running) await this.client.cancel(running.videoId).catch(() => undefined)
  }

  private begin(name: string): void {
    this.problem.value = ''
    this.name.value = name
    this.note.value = T.upload.preparing
    this.started = Date.now()
    this.startBytes = null
  }

  private show({ sent, total }: { sent: number; total: number }): void {
    this.startBytes ??= sent
    this.progress.value = total ? (sent / total) * 100 : 0
    const seconds = (Date.now() - this.started) / 1000
    const speed = seconds > 0.5 ? `, ${bytes((sent - this.startBytes) / seconds)}/s` : ''
    this.note.value = T.upload.sent(bytes(sent), bytes(total)) + speed
  }

  private reset(): void {
    this.upload = null
    this.paused.value = false
    this.progress.value = 0
    this.name.value = null
  }
}
