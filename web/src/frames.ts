// Loads a run's frames page by page, and goes on as more are published.
import type { Client, Frame, Job } from './client'

const PAGE = 200
// Up to here all frames are loaded by themselves; beyond, on demand.
const BY_ITSELF = 600

export interface Frames {
  items: readonly Frame[]
  more: boolean
}

/** Follows one video's frames; `onChange` gets all of them each time. */
export class FrameLoader {
  private items: Frame[] = []
  private cursor: string | null = null
  private limit = BY_ITSELF
  private published = 0
  private busy = false

  constructor(
    private readonly client: Client,
    private readonly videoId: string,
    private readonly onChange: (frames: Frames) => void,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Call with each job document of the video. */
  follow(job: Job): void {
    this.published = job.frames.published
    void this.load()
  }

  /** Asks for another helping of frames. */
  more(): void {
    this.limit += BY_ITSELF
    void this.load()
  }

  private get wanted(): number {
    return Math.min(this.published, this.limit)
  }

  private async load(): Promise<void> {
    if (this.busy) return
    this.busy = true
    try {
      while (this.items.length < this.wanted && (await this.page()));
    } catch (error) {
      this.onError(error)
    } finally {
      this.busy = false
    }
    this.onChange({ items: this.items, more: this.items.length >= this.limit && this.items.length < this.published })
  }

  /** Whether there was anything new. A page that was not full is asked for again, because it may have grown. */
  private async page(): Promise<boolean> {
    const { items, next_cursor } = await this.client.frames(this.videoId, this.cursor, PAGE)
    const last = this.items.at(-1)?.index ?? -1
    const fresh = items.filter((frame) => frame.index > last)
    this.items = [...this.items, ...fresh]
    if (next_cursor) this.cursor = next_cursor
    this.onChange({ items: this.items, more: false })
    return fresh.length > 0
  }
}
