// All uploads of this session: a few are sent at a time, the others wait. They go on while another view is shown.
import { computed, signal } from '@preact/signals'
import { discardUpload, fingerprint, isOfUpload, unfinishedUploads, type Client, type Job, type NewVideo, type UnfinishedUpload } from './client'
import { lengthOf } from './chosen-file'
import { askBeforeLeaving } from './leaving'
import { Sending } from './sending'
import { T } from './texts'

export const MOST_AT_ONCE = 2
/** After a lost connection: how long until it is tried again, the last for all after it. */
const AGAIN_MS = [2000, 5000, 10_000, 20_000, 30_000] as const

export class Uploads {
  /** In the order in which they were chosen; one that was sent is among the videos, and not here any more. */
  readonly rows = signal<readonly Sending[]>([])
  /** Those of this browser that were begun before the page was loaded. */
  readonly unfinished = signal<readonly UnfinishedUpload[]>([])
  /** How many were sent since there was nothing to send. */
  readonly sent = signal(0)
  readonly underWay = computed(() => this.rows.value.filter((row) => row.underWay.value).length)
  readonly waiting = computed(() => this.rows.value.filter((row) => row.state.value === 'waiting').length)
  /** Whether something would be lost with the page, or not be sent. */
  readonly unsent = computed(() => this.underWay.value + this.waiting.value > 0 || this.rows.value.some((row) => row.inMemory))
  /** Lengths are read one after the other: each takes a decoder. */
  private measured: Promise<void> = Promise.resolve()
  /** While the connection is lost nothing begins. */
  private again: ReturnType<typeof setTimeout> | undefined
  private attempts = 0
  private readonly locks = new Locks()
  /** Those that are being cancelled, by name: the same file begins after it. */
  private readonly leaving = new Map<string, Promise<void>>()

  constructor(
    private readonly client: Client,
    private readonly onCreated: (job: Job) => void,
  ) {}

  /** Keeps the user from closing the page while something is sent; returns a function that stops all. */
  start(): () => void {
    const stop = askBeforeLeaving(this.unsent)
    const reconnect = () => this.reconnect()
    const look = () => void this.lookAgain()
    const stored = ({ key }: StorageEvent) => void (isOfUpload(key) && look())
    addEventListener('online', reconnect)
    addEventListener('storage', stored)
    document.addEventListener('visibilitychange', look)
    return () => {
      stop()
      removeEventListener('online', reconnect)
      removeEventListener('storage', stored)
      document.removeEventListener('visibilitychange', look)
      this.stop()
    }
  }

  /** One that is unfinished goes on where it stopped. */
  add(files: readonly File[], video: NewVideo, inMemory = false): void {
    if (this.underWay.value + this.waiting.value === 0) this.sent.value = 0
    const { client, onCreated } = this
    for (const file of files) this.addOne(new Sending({ client, file, video: this.begunOptions(file, video), inMemory, onCreated }))
    this.next()
  }

  pause(row: Sending): void {
    row.pause()
    this.next()
  }

  goOn(row: Sending): void {
    row.wait()
    this.claim(row)
    this.reconnect()
  }

  async cancel(row: Sending): Promise<void> {
    const done = row.cancel()
    this.leaving.set(row.name, done)
    this.remove(row)
    this.next()
    await done
    if (this.leaving.get(row.name) === done) this.leaving.delete(row.name)
    this.release(row.name)
    await this.lookForUnfinished()
  }

  /** The connection is back, or somebody has signed in: what waits for it goes on. */
  reconnect(): void {
    clearTimeout(this.again)
    this.again = undefined
    this.next()
  }

  /** Reads which were begun and not finished, by this browser, unless they are being sent here or in another tab. */
  async lookForUnfinished(): Promise<void> {
    const [found, held] = await Promise.all([unfinishedUploads(this.client), this.locks.held()])
    const here = new Set(this.rows.value.flatMap((row) => [row.name, fingerprint(row.file, row.video)]))
    this.unfinished.value = found.filter(({ name }) => !here.has(name) && !held.has(name))
  }

  /** Rejects where another tab sends it meanwhile. */
  async discard(upload: UnfinishedUpload): Promise<void> {
    if ((await this.locks.held()).has(upload.name)) {
      await this.lookForUnfinished()
      throw new Error(T.upload.otherTab)
    }
    await discardUpload(this.client, upload)
    this.unfinished.value = this.unfinished.value.filter((each) => each !== upload)
  }

  /** What another tab has begun or ended meanwhile is looked at again where something is shown of it. */
  private async lookAgain(): Promise<void> {
    if (this.unfinished.value.length > 0) await this.lookForUnfinished().catch(() => undefined)
  }

  private stop(): void {
    clearTimeout(this.again)
    for (const row of this.rows.value) row.stop()
    this.rows.value = []
    this.locks.releaseAll()
  }

  private begunOptions(file: File, video: NewVideo): NewVideo {
    const earlier = this.unfinished.value.find((each) => !each.inMemory && isOf(each, file) && each.video.site_id === video.site_id && each.video.camera_id === video.camera_id)
    return earlier?.video ?? video
  }

  private addOne(row: Sending): void {
    const same = this.rows.value.find((each) => each.name === row.name)
    if (same && same.state.value !== 'failed') return
    this.rows.value = [...this.rows.value.filter((each) => each !== same), row]
    this.unfinished.value = this.unfinished.value.filter((each) => each.name !== row.name)
    if (row.state.value !== 'waiting') return
    this.measured = this.measured.then(() => measure(row))
    this.claim(row)
  }

  /** One that another tab sends is not sent here too. */
  private claim(row: Sending): void {
    this.locks.claim(row.name, (isOurs) => {
      if (isOurs) this.release(row.name) // if it was cancelled meanwhile
      else row.refuse(T.upload.otherTab, true)
    })
  }

  private next(): void {
    if (this.again !== undefined) return
    const free = MOST_AT_ONCE - this.underWay.value
    const waiting = this.rows.value.filter((row) => row.state.value === 'waiting' && this.locks.has(row.name) && !this.leaving.has(row.name))
    for (const row of waiting.slice(0, Math.max(0, free))) void this.run(row)
  }

  private async run(row: Sending): Promise<void> {
    await row.begin()
    if (row.cutOff.value) return this.loseConnection()
    if (row.state.value === 'sent') {
      this.attempts = 0
      this.sent.value += 1
      this.remove(row)
      this.release(row.name)
    }
    this.next()
  }

  private loseConnection(): void {
    if (this.again !== undefined) return
    const after = AGAIN_MS[Math.min(this.attempts, AGAIN_MS.length - 1)]
    this.attempts += 1
    this.again = setTimeout(() => this.reconnect(), after)
  }

  private remove(row: Sending): void {
    this.rows.value = this.rows.value.filter((each) => each !== row)
  }

  /** Where no row has it any more. */
  private release(name: string): void {
    if (!this.rows.value.some((row) => row.name === name)) this.locks.release(name)
    this.next()
  }
}

/** By locks the tabs of a browser know what each of them sends. Without HTTPS a browser has none, and nothing is known. */
class Locks {
  /** What releases each that is ours, by name. */
  private readonly ours = new Map<string, () => void>()
  private readonly asked = new Set<string>()

  has(name: string): boolean {
    return this.ours.has(name)
  }

  /** At once where it is ours already, or where there are no locks. */
  claim(name: string, then: (isOurs: boolean) => void): void {
    if (this.has(name) || this.asked.has(name)) return
    if (!navigator.locks) {
      this.ours.set(name, () => undefined)
      return
    }
    this.asked.add(name)
    void navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      this.asked.delete(name)
      if (lock === null) return then(false)
      const released = new Promise<void>((release) => this.ours.set(name, release))
      then(true)
      return released
    })
  }

  release(name: string): void {
    this.ours.get(name)?.()
    this.ours.delete(name)
  }

  releaseAll(): void {
    for (const name of [...this.ours.keys()]) this.release(name)
  }

  /** Of all tabs of this browser. */
  async held(): Promise<Set<string>> {
    const { held = [] } = (await navigator.locks?.query()) ?? {}
    return new Set(held.map(({ name }) => name ?? ''))
  }
}

async function measure(row: Sending): Promise<void> {
  if (row.state.value !== 'cancelled') row.length.value = await lengthOf(row.file)
}

function isOf(upload: UnfinishedUpload, { name, size, lastModified }: File): boolean {
  return upload.filename === name && upload.sizeBytes === size && upload.lastModified === lastModified
}
