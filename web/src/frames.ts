// Loads a run's frames page by page, and more as they are published.
import type { Client, Frame, Job } from './client'

const PAGE = 200
// So many frames are loaded without being asked for, and so many more each time the user asks.
const BATCH = 600
// At most so many pages are loaded to come to a point of the run.
const MOST_PAGES = 50

export interface Frames {
  items: readonly Frame[]
  /** Whether there are more, which have to be asked for. */
  more: boolean
}

/** The frames of one video; `onChange` gets all that are loaded, each time. */
export class FrameLoader {
  private items: Frame[] = []
  private cursor: string | null = null
  private limit = BATCH
  private published = 0
  private failed = false
  private running: Promise<void> | null = null

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

  /** Loads the next batch, or what could not be loaded of this one. */
  more(): void {
    if (!this.failed) this.limit += BATCH
    void this.load()
  }

  /** Loads until the newest frame that is loaded is one that `isThere`, or no more come. */
  async until(isThere: (newest: Frame) => boolean): Promise<void> {
    for (let page = 0; page < MOST_PAGES; page++) {
      const [count, newest] = [this.items.length, this.items.at(-1)]
      if (count >= this.published || (newest && isThere(newest))) return
      this.limit = Math.max(this.limit, count + PAGE)
      await this.load()
      if (this.items.length === count) return
    }
  }

  private get wanted(): number {
    return Math.min(this.published, this.limit)
  }

  private load(): Promise<void> {
    this.running ??= this.loadWanted().finally(() => (this.running = null))
    return this.running
  }

  private async loadWanted(): Promise<void> {
    this.failed = false
    try {
      while (this.items.length < this.wanted && (await this.page()));
    } catch (error) {
      this.failed = true
      this.onError(error)
    }
    const stopped = this.failed || this.items.length >= this.limit
    this.onChange({ items: this.items, more: stopped && this.items.length < this.published })
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
