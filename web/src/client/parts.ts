// Sending a file straight to the bucket, in parts, several at once, by links that ingest signs: see docs/frontend.md.
import { Problem, problemOf } from './http'

export interface PartsTarget {
  parts_url: string
  /** For every request but those to the bucket: its links are signed. */
  token: string
}

/** What ingest knows of the upload. All parts but the last one have `part_bytes`. */
interface Begun {
  status: 'receiving' | 'received' | 'stored'
  part_bytes: number
  part_count: number
}

interface ArrivedPart {
  number: number
  etag: string
  size_bytes: number
}

interface Asked {
  method: string
  url: string
  signal: AbortSignal
  token?: string
  body?: Blob | string | undefined
  onSent?: (bytes: number) => void
}

/** The bucket takes nothing from this page: no CORS rule for it, or no way to it from here. */
export class BucketClosed extends Error {}

const AT_ONCE = 4
const RETRY_MS = [0, 1000, 3000, 5000, 10_000, 20_000, 30_000]
/** After so long without a byte a connection is given up. To `complete` ingest answers within 60 s of putting the parts together. */
const SILENT_MS = 120_000

/** Begins at once. What has arrived earlier is asked for and not sent again. */
export class PartsUpload {
  /** The bucket takes bytes of this page, or has them all. */
  readonly begun: Promise<void>
  /** Rejects with BucketClosed or a Problem. It stays open while the upload is paused. */
  readonly done: Promise<void>
  private isBegun = false
  private begin = () => {}
  private paused: Promise<void> | null = null
  private release = () => {}
  private halt = new AbortController()
  private sent = 0
  private readonly sentOf = new Map<number, number>()

  constructor(
    private readonly target: PartsTarget,
    private readonly file: Blob,
    private readonly onProgress: (sent: number) => void,
  ) {
    this.begun = new Promise((resolve) => (this.begin = resolve))
    this.done = this.run()
  }

  /** Of the parts that are under way nothing is kept: a bucket stores a part as a whole. */
  pause(): void {
    this.paused ??= new Promise((resolve) => (this.release = resolve))
    this.halt.abort()
  }

  resume(): void {
    if (!this.paused) return
    this.paused = null
    this.halt = new AbortController()
    this.release()
  }

  private async run(): Promise<void> {
    const begun = await this.ask<Begun>('POST', '', { size_bytes: this.file.size })
    if (begun.status !== 'receiving') return // completed before the page was reloaded
    const missing = await this.missing(begun)
    if (missing.length < begun.part_count) this.accept()
    await Promise.all(Array.from({ length: AT_ONCE }, (_, at) => this.sendSome(missing, begun.part_bytes, at === 0)))
    const { parts } = await this.ask<{ parts: ArrivedPart[] }>('GET', '')
    await this.ask('POST', '/complete', { parts: parts.map(({ number, etag }) => ({ number, etag })) })
  }

  private async missing({ part_bytes, part_count }: Begun): Promise<number[]> {
    const { parts } = await this.ask<{ parts: ArrivedPart[] }>('GET', '')
    const whole = parts.filter(({ number, size_bytes }) => size_bytes === this.slice(number, part_bytes).size)
    for (const { number, size_bytes } of whole) this.report(number, size_bytes)
    return Array.from({ length: part_count }, (_, at) => at + 1).filter((number) => !this.sentOf.has(number))
  }

  /** One of several that share `missing`. The others wait for the first: it shows whether the bucket is open. */
  private async sendSome(missing: number[], partBytes: number, first: boolean): Promise<void> {
    if (!first) await this.begun
    for (let number = missing.shift(); number !== undefined; number = missing.shift()) {
      const [part, bytes] = [number, this.slice(number, partBytes)]
      await this.tried((signal) => this.sendPart(part, bytes, signal))
    }
  }

  private async sendPart(number: number, body: Blob, signal: AbortSignal): Promise<void> {
    // A new link for each attempt: one that is too old would never be taken again.
    const { urls } = await this.request<{ urls: { url: string }[] }>('POST', '/sign', { numbers: [number] }, signal)
    try {
      await request({ method: 'PUT', url: urls[0]?.url ?? '', body, signal, onSent: (bytes) => this.report(number, bytes, true) })
      this.report(number, body.size, true)
    } catch (error) {
      this.report(number, 0)
      const lost = error instanceof Problem && error.status === 0
      if (lost && !this.isBegun && !signal.aborted) await this.refuseClosed(signal)
      throw error
    }
  }

  /** Ingest reaches the bucket and the page does not. Rejects with a Problem while the page reaches neither. */
  private async refuseClosed(signal: AbortSignal): Promise<never> {
    await this.request('GET', '', undefined, signal)
    throw new BucketClosed('The bucket takes nothing from this page.')
  }

  private slice(number: number, partBytes: number): Blob {
    return this.file.slice((number - 1) * partBytes, number * partBytes)
  }

  private report(number: number, bytes: number, taken = false): void {
    if (taken && bytes > 0) this.accept()
    this.sent += bytes - (this.sentOf.get(number) ?? 0)
    this.sentOf.set(number, bytes)
    this.onProgress(this.sent)
  }

  private accept(): void {
    this.isBegun = true
    this.begin()
  }

  private ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.tried((signal) => this.request<Answer>(method, path, body, signal))
  }

  private async request<Answer>(method: string, path: string, body: unknown, signal: AbortSignal): Promise<Answer> {
    const { parts_url, token } = this.target
    const text = await request({ method, url: parts_url + path, token, signal, body: body === undefined ? undefined : JSON.stringify(body) })
    return JSON.parse(text) as Answer
  }

  /** Again after what may pass, and after a pause. The first that fails for good halts the others. */
  private async tried<Answer>(action: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
    for (let attempt = 0; ; ) {
      await this.paused
      const { signal } = this.halt
      try {
        return await action(signal)
      } catch (error) {
        if (signal.aborted) continue
        const wait = RETRY_MS[attempt++]
        if (wait === undefined || !mayPass(error)) {
          this.pause()
          throw error
        }
        await new Promise((resolve) => setTimeout(resolve, wait))
      }
    }
  }
}

/** An answer without a code is not ingest's: the bucket's, of a link that has expired for instance, or a proxy's. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof Problem)) return false
  const { status, code } = error
  return status === 0 || code.startsWith('http_') || [408, 423, 429].includes(status) || status >= 500
}

/** By XMLHttpRequest: `fetch` does not say how much was sent. Rejects with a Problem unless it is carried out. */
function request({ method, url, signal, token, body, onSent }: Asked): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = new XMLHttpRequest()
    let timer: ReturnType<typeof setTimeout> | undefined
    const listen = () => {
      clearTimeout(timer)
      timer = setTimeout(() => asked.abort(), SILENT_MS)
    }
    const stop = () => asked.abort()
    asked.open(method, url)
    if (token) asked.setRequestHeader('Authorization', `Bearer ${token}`)
    if (typeof body === 'string') asked.setRequestHeader('Content-Type', 'application/json')
    if (onSent)
      asked.upload.onprogress = ({ loaded }) => {
        listen()
        onSent(loaded)
      }
    asked.onloadend = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
      if (asked.status >= 200 && asked.status < 300) return resolve(asked.responseText)
      void refusal(asked).then(reject)
    }
    signal.addEventListener('abort', stop)
    listen()
    asked.send(body)
    if (signal.aborted) stop()
  })
}

async function refusal({ status, responseText }: XMLHttpRequest): Promise<Problem> {
  if (status === 0) return new Problem(0, 'unreachable', 'The connection is lost.', 'The connection is lost. What has arrived is kept.')
  return problemOf(new Response(responseText, { status }))
}
