// Loads a run's frames page by page, and more as they are published.
import type { Client, Frame, Job } from './client'

const PAGE = 200
// So many frames are loaded without being asked for, and so many more each time the user asks.
const BATCH = 600

export interface Frames {
  items: readonly Frame[]
  more: boolean
}

/** The frames of one video; `onChange` gets all that are loaded, each time. */
export class FrameLoader {
  private items: Frame[] = []
  private cursor: string | null = null
  private limit = BATCH
  private published = 0
  private busy = false

  constructor(
    private readonly client: Client,
    private readonly videoId: string,
    private readonly onChange: (frames: Frames) => void,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** To be called with each new job document of the video. */
  onJob(job: Job): void {
    this.published = job.frames.published
    void this.load()
  }

  /** Loads the next batch. */
  more(): void {
    this.limit += BATCH
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

  /** Loads a page; returns whether it had new frames. A page that was not full is loaded again: it may have grown. */
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
