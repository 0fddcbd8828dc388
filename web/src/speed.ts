// How fast something is sent, over the last seconds.
const WINDOW_MS = 6000
const SHORTEST_MS = 500

export class Speed {
  private samples: { sent: number; at: number }[] = []

  /** Bytes per second, after so many bytes at a time in ms; null: too little is known. */
  after(sent: number, at: number): number | null {
    this.samples = [...this.samples.filter((each) => at - each.at <= WINDOW_MS), { sent, at }]
    const first = this.samples[0] ?? { sent, at }
    return at - first.at < SHORTEST_MS ? null : ((sent - first.sent) / (at - first.at)) * 1000
  }

  /** What was before a pause is not counted. */
  reset(): void {
    this.samples = []
  }
}
