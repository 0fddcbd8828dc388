// Loads a run's frames page by page, and more as they are published.
import type { Client, Frame, Job } from './client'

const PAGE = 200
// So many frames are loaded without being asked for, and so many more each time the user asks.
const BATCH = 600

export interface Frames {
  items: readonly Frame[]
  /** Whether there are more, which have to be asked for. */
  more: boolean
}

/** The frames of one video; `onChange` gets all that are loaded, each time. */
export class FrameLoader {
  private items: Frame[] = []
  private cursor: string | null = null
  /** The pages that are loaded: by which cursor, and the index of the first frame. */
  private readonly pages = new Map<string | null, number>()
  private readonly renewing = new Map<string | null, Promise<void>>()
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

  /** Loads until the newest frame that is loaded is one that `isThere`, or all are. Resolves with whether it came so far. */
  async until(isThere: (newest: Frame) => boolean): Promise<boolean> {
    for (;;) {
      const [count, newest] = [this.items.length, this.items.at(-1)]
      if (count >= this.published || (newest && isThere(newest))) return true
      this.limit = Math.max(this.limit, count + PAGE)
      await this.load()
      if (this.items.length === count) return false
    }
  }

  /** The newest link to a picture whose link has expired. The links of its page are asked for once, whoever else waits for them. */
  async renewed(frame: Frame): Promise<string | null> {
    const [cursor] = [...this.pages].findLast(([, first]) => first <= frame.index) ?? [null]
    const asked = this.renewing.get(cursor) ?? this.renewPage(cursor).finally(() => this.renewing.delete(cursor))
    this.renewing.set(cursor, asked)
    await asked
    return this.items.find(({ frame_id }) => frame_id === frame.frame_id)?.url ?? null
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
    if (items[0]) this.pages.set(this.cursor, items[0].index)
    this.items = [...this.items, ...fresh]
    if (next_cursor) this.cursor = next_cursor
    this.onChange({ items: this.items, more: false })
    return fresh.length > 0
  }

  private async renewPage(cursor: string | null): Promise<void> {
    const { items } = await this.client.frames(this.videoId, cursor, PAGE)
    const newer = new Map(items.map((frame) => [frame.frame_id, frame]))
    this.items = this.items.map((frame) => newer.get(frame.frame_id) ?? frame)
    this.onChange({ items: this.items, more: this.items.length >= this.limit && this.items.length < this.published })
  }
}
