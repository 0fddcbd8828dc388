// All uploads of this session: a few are sent at a time, the others wait. They go on while another view is shown.
import { computed, signal } from '@preact/signals'
import { discardUpload, unfinishedUploads, type Client, type Job, type NewVideo, type UnfinishedUpload } from './client'
import { lengthOf } from './chosen-file'
import { askBeforeLeaving } from './leaving'
import { Sending } from './sending'

export const MOST_AT_ONCE = 2

export class Uploads {
  /** In the order in which they were chosen; one that was sent is among the videos, and not here any more. */
  readonly rows = signal<readonly Sending[]>([])
  /** Those of this browser that were begun before the page was loaded. */
  readonly unfinished = signal<readonly UnfinishedUpload[]>([])
  /** How many were sent since there was nothing to send. */
  readonly sent = signal(0)
  readonly underWay = computed(() => this.rows.value.filter((row) => row.underWay.value).length)
  readonly waiting = computed(() => this.rows.value.filter((row) => row.state.value === 'waiting').length)
  /** Lengths are read one after the other: each takes a decoder. */
  private measured: Promise<void> = Promise.resolve()

  constructor(
    private readonly client: Client,
    private readonly onCreated: (job: Job) => void,
  ) {}

  /** Keeps the user from closing the page while something is sent; returns a function that stops all. */
  start(): () => void {
    const stop = askBeforeLeaving(computed(() => this.underWay.value + this.waiting.value > 0))
    return () => {
      stop()
      for (const row of this.rows.value) row.pause()
      this.rows.value = []
    }
  }

  /** One that is unfinished goes on as it was begun, whatever `video` is. */
  add(files: readonly File[], video: NewVideo): void {
    if (this.underWay.value + this.waiting.value === 0) this.sent.value = 0
    for (const file of files) {
      const earlier = this.unfinished.value.find((each) => isOf(each, file) && each.video.site_id === video.site_id)
      this.addOne(new Sending(this.client, file, earlier?.video ?? video, this.onCreated))
    }
    this.next()
  }

  pause(row: Sending): void {
    row.pause()
    this.next()
  }

  goOn(row: Sending): void {
    row.wait()
    this.next()
  }

  async cancel(row: Sending): Promise<void> {
    const done = row.cancel()
    this.remove(row)
    this.next()
    await done
    await this.lookForUnfinished()
  }

  /** Reads which were begun and not finished, by this browser, unless they are being sent here or in another tab. */
  async lookForUnfinished(): Promise<void> {
    const [found, held] = await Promise.all([unfinishedUploads(this.client), heldNames()])
    const here = new Set(this.rows.value.map((row) => row.name))
    this.unfinished.value = found.filter(({ name }) => !here.has(name) && !held.has(name))
  }

  async discard(upload: UnfinishedUpload): Promise<void> {
    await discardUpload(this.client, upload)
    this.unfinished.value = this.unfinished.value.filter((each) => each !== upload)
  }

  private addOne(row: Sending): void {
    const same = this.rows.value.find((each) => each.name === row.name)
    if (same && same.state.value !== 'failed') return
    this.rows.value = [...this.rows.value.filter((each) => each !== same), row]
    this.unfinished.value = this.unfinished.value.filter((each) => each.name !== row.name)
    if (row.state.value === 'waiting') this.measured = this.measured.then(() => measure(row))
  }

  private next(): void {
    const free = MOST_AT_ONCE - this.underWay.value
    const waiting = this.rows.value.filter((row) => row.state.value === 'waiting')
    for (const row of waiting.slice(0, Math.max(0, free))) void this.run(row)
  }

  private async run(row: Sending): Promise<void> {
    const over = row.begin()
    hold(row.name, over)
    await over
    if (row.state.value === 'sent') {
      this.sent.value += 1
      this.remove(row)
    }
    this.next()
  }

  private remove(row: Sending): void {
    this.rows.value = this.rows.value.filter((each) => each !== row)
  }
}

async function measure(row: Sending): Promise<void> {
  if (row.state.value !== 'cancelled') row.length.value = await lengthOf(row.file)
}

function isOf(upload: UnfinishedUpload, { name, size, lastModified }: File): boolean {
  return upload.filename === name && upload.sizeBytes === size && upload.lastModified === lastModified
}

/** By a lock other tabs know what is sent here. Without HTTPS a browser has none, and they call it unfinished. */
function hold(name: string, until: Promise<void>): void {
  void navigator.locks?.request(name, { mode: 'shared' }, () => until)
}

async function heldNames(): Promise<Set<string>> {
  const { held = [] } = (await navigator.locks?.query()) ?? {}
  return new Set(held.map(({ name }) => name ?? ''))
}
