// Asking for something until it is there, and again whenever it is old.
const FIRST_MS = 1000
const MOST_MS = 30_000

/**
 * One request at a time: what becomes old while it is under way is asked for once more after it, so that answers come in
 * order. What fails is asked for again, after a delay that doubles.
 */
export class Refresh<Answer> {
  private old = false
  private running = false
  private stopped = false
  private delay = FIRST_MS
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly ask: () => Promise<Answer>,
    private readonly onAnswer: (answer: Answer) => void,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** What is known is old, or nothing is. */
  again(): void {
    this.old = true
    clearTimeout(this.timer)
    if (!this.running) void this.run()
  }

  /** For good: an answer that is under way is not wanted any more. */
  stop(): void {
    this.stopped = true
    clearTimeout(this.timer)
  }

  private async run(): Promise<void> {
    this.running = true
    try {
      while (this.old && !this.stopped) await this.once()
    } finally {
      this.running = false
    }
  }

  private async once(): Promise<void> {
    this.old = false
    let answer: Answer
    try {
      answer = await this.ask()
    } catch (error) {
      return this.failed(error)
    }
    if (this.stopped) return
    this.delay = FIRST_MS
    this.onAnswer(answer)
  }

  private failed(error: unknown): void {
    if (!this.stopped) this.onError(error)
    if (this.stopped) return // the error may be the reason
    this.old = false
    this.timer = setTimeout(() => this.again(), this.delay)
    this.delay = Math.min(this.delay * 2, MOST_MS)
  }
}
