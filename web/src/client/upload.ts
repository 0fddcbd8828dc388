// Sending a file, by tus 1.0 or in parts straight to the bucket: pause, resume, and resumption after the page was reloaded
// or the browser closed.
import * as tus from 'tus-js-client'
import { Problem, type Client } from './http'
import { BucketClosed, PartsUpload, type PartsTarget } from './parts'
import type { Job, NewVideo, UploadTarget } from './documents'

export interface UploadProgress {
  sent: number
  total: number
}

export interface Upload {
  videoId: string
  /** Whether it continues an earlier attempt. */
  resumed: boolean
  pause(): void
  resume(): void
  /** Stops the upload; the caller has to cancel the job. */
  abort(): Promise<void>
  done: Promise<void>
}

export interface UploadOptions {
  client: Client
  file: File
  video: NewVideo
  onProgress?: (progress: UploadProgress) => void
  onCreated?: (job: Job) => void
  storage?: Store
  /** Whether the file is nowhere but in this page: after a reload nobody can choose it again. */
  inMemory?: boolean
  /** Repeated with the same text it creates no second video. */
  once?: string
  chunkBytes?: number
}

/** The JSON in the browser's storage while an upload is unfinished; `door` is its name there since the first version. */
interface StoredUpload {
  videoId: string
  door: UploadTarget
  inMemory?: boolean
}

type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

/** An upload that was begun in this browser and not finished: the same file with the same options goes on with it. */
export interface UnfinishedUpload {
  /** Its fingerprint, by which it is stored. */
  name: string
  videoId: string
  filename: string
  sizeBytes: number
  /** When the file was changed, in ms since 1970. */
  lastModified: number
  video: NewVideo
  /** Whether its file was only in the page: what was not sent of it is lost. */
  inMemory: boolean
}

const PREFIX = 'tablewatch-upload:'

/** Whether a name of the browser's storage is that of an upload; null is that of all that is stored. */
export function isOfUpload(name: string | null): boolean {
  return name === null || name.startsWith(PREFIX)
}

const RETRY_MS = [0, 1000, 3000, 5000, 10_000, 20_000, 30_000]
// Small enough that a broken connection costs little, large enough to be fast.
const CHUNK_BYTES = 16 * 1024 * 1024

/** Buckets that took nothing from this page, by the server that signs for them: not tried again until it is loaded anew. */
const closed = new Set<string>()

/** Creates the video, or continues an unfinished upload of the same file, and starts sending. */
export async function startUpload(options: UploadOptions): Promise<Upload> {
  const storage = options.storage ?? localStorage
  const name = fingerprint(options.file, options.video)
  const earlier = await findUnfinished(options.client, storage, name)
  const stored = earlier ?? (await createVideo(options, storage, name))
  const resumed = earlier !== null
  const road = await startSending(options, stored, resumed, storage, name)
  return { resumed, ...road }
}

type Road = Omit<Upload, 'resumed'>

async function startSending(options: UploadOptions, stored: StoredUpload, resumed: boolean, storage: Store, name: string): Promise<Road> {
  const forget = () => storage.removeItem(name)
  const { parts_url, token } = stored.door
  if (!parts_url) return byTus(options, stored, resumed, forget)
  try {
    return await inParts(options, { parts_url, token }, stored.videoId, forget)
  } catch (error) {
    if (!(error instanceof BucketClosed)) throw error
    console.info('tablewatch: the bucket takes no parts from this page (does its CORS rule allow PUT to %s?). The file goes to ingest.', globalThis.location?.origin)
    closed.add(new URL(parts_url).origin)
    // Ingest takes an upload that was begun in parts by no other road, so it is another video.
    await options.client.remove(stored.videoId).catch(() => undefined)
    const again = { ...options, ...(options.once ? { once: `${options.once}-tus` } : {}) }
    return byTus(options, await createVideo(again, storage, name), false, forget)
  }
}

/** Rejects with BucketClosed where nothing can be sent. */
async function inParts({ file, onProgress }: UploadOptions, target: PartsTarget, videoId: string, forget: () => void): Promise<Road> {
  const upload = new PartsUpload(target, file, (sent) => onProgress?.({ sent, total: file.size }))
  const done = upload.done.then(forget)
  await Promise.race([upload.begun, done])
  return {
    videoId,
    pause: () => upload.pause(),
    resume: () => upload.resume(),
    abort: async () => {
      forget()
      upload.pause()
    },
    done,
  }
}

function byTus(options: UploadOptions, stored: StoredUpload, resumed: boolean, forget: () => void): Road {
  const { upload, gate, done } = send(options, stored.door, resumed, forget)
  return {
    videoId: stored.videoId,
    pause: () => {
      gate.close()
      void upload.abort()
    },
    resume: () => {
      if (gate.open()) upload.start()
    },
    abort: async () => {
      forget()
      gate.close()
      await upload.abort()
    },
    done,
  }
}

/** Delays requests while an upload is paused: tus-js-client cannot abort a request that has not begun. */
class Gate {
  private started = false
  private waiting = false
  private closed: Promise<void> | null = null
  private release = () => {}

  close(): void {
    this.closed ??= new Promise((resolve) => (this.release = resolve))
  }

  /** Returns whether the upload has to be restarted, because a running request was aborted. */
  open(): boolean {
    const restart = this.closed !== null && this.started && !this.waiting
    this.closed = null
    this.release()
    return restart
  }

  async pass(): Promise<void> {
    this.started = true
    while (this.closed) {
      this.waiting = true
      await this.closed
      this.waiting = false
    }
  }
}

/** The same file with the same options is the same upload. */
export function fingerprint(file: Pick<File, 'name' | 'size' | 'lastModified'>, video: NewVideo): string {
  const { size_bytes: _size, filename: _name, ...options } = video
  return `${PREFIX}${file.name}:${file.size}:${file.lastModified}:${JSON.stringify(options)}`
}

/** Those that can still go on. What is known here of others is removed. */
export async function unfinishedUploads(client: Client, storage: Store & Pick<Storage, 'key' | 'length'> = localStorage): Promise<UnfinishedUpload[]> {
  const names = [...Array(storage.length).keys()].map((at) => storage.key(at) ?? '')
  const found = names.map(parse).filter((each) => each !== null)
  const stored = await Promise.all(found.map((each) => findUnfinished(client, storage, each.name)))
  return found.flatMap((each, at) => (stored[at] ? [{ ...each, videoId: stored[at].videoId, inMemory: stored[at].inMemory === true }] : []))
}

/** Cancels its video, unless its file arrived meanwhile: then it is only forgotten here. */
export async function discardUpload(client: Client, upload: UnfinishedUpload, storage: Store = localStorage): Promise<void> {
  if (await awaitsUpload(client, upload.videoId)) await cancelUpload(client, upload, storage)
  else storage.removeItem(upload.name)
}

/** A key that may upload and not write ends it where it is sent to. */
export async function cancelUpload(client: Client, upload: Pick<UnfinishedUpload, 'name' | 'videoId'>, storage: Store = localStorage): Promise<void> {
  const stored = read(storage.getItem(upload.name))
  try {
    await client.cancel(upload.videoId)
  } catch (error) {
    if (stored === null || !(error instanceof Problem && error.status === 403)) throw error
    await tus.Upload.terminate(stored.door.url, { headers: { Authorization: `Bearer ${stored.door.token}` } })
  }
  storage.removeItem(upload.name)
}

/** What a fingerprint is made of; null: it is none. */
function parse(name: string): Omit<UnfinishedUpload, 'videoId' | 'inMemory'> | null {
  const [, filename, size, changed, options] = /^tablewatch-upload:(.*):(\d+):(-?\d+):(\{.*\})$/s.exec(name) ?? []
  if (!filename || !options) return null
  return { name, filename, sizeBytes: Number(size), lastModified: Number(changed), video: JSON.parse(options) as NewVideo }
}

async function findUnfinished(client: Client, storage: Pick<Storage, 'getItem' | 'removeItem'>, name: string): Promise<StoredUpload | null> {
  const stored = read(storage.getItem(name))
  if (stored === null) return null
  const usable = Date.parse(stored.door.expires_at) > Date.now() && (await awaitsUpload(client, stored.videoId))
  if (!usable) storage.removeItem(name)
  return usable ? stored : null
}

async function awaitsUpload(client: Client, videoId: string): Promise<boolean> {
  try {
    const job = await client.job(videoId)
    return ['awaiting_file', 'queued'].includes(job.status) && job.stage === 'upload'
  } catch (error) {
    if (error instanceof Problem && [403, 404].includes(error.status)) return false
    throw error // it is not known, so it is not forgotten
  }
}

function read(text: string | null): StoredUpload | null {
  try {
    const stored = JSON.parse(text ?? 'null') as StoredUpload | null
    return stored?.door?.token && stored.videoId ? stored : null
  } catch {
    return null
  }
}

async function createVideo(options: UploadOptions, storage: Pick<Storage, 'setItem'>, name: string): Promise<StoredUpload> {
  const { file, video, inMemory } = options
  const { upload: door, ...job } = await options.client.newVideo({ ...video, filename: file.name, size_bytes: file.size }, options.once)
  options.onCreated?.(job)
  const isOpen = door.parts_url && !closed.has(new URL(door.parts_url).origin)
  const target = isOpen ? door : { ...door, parts_url: null }
  const stored = { videoId: job.video_id, door: target, ...(inMemory ? { inMemory } : {}) }
  try {
    storage.setItem(name, JSON.stringify(stored))
  } catch {
    // With a full or disabled storage only resuming after a reload is lost.
  }
  return stored
}

interface Sending {
  upload: tus.Upload
  gate: Gate
  done: Promise<void>
}

function send(options: UploadOptions, target: UploadTarget, resumed: boolean, forget: () => void): Sending {
  const { file, onProgress } = options
  const gate = new Gate()
  let upload!: tus.Upload
  const done = new Promise<void>((resolve, reject) => {
    upload = new tus.Upload(file, {
      endpoint: target.create_url,
      // An upload that does not exist there any more is created anew at the endpoint.
      uploadUrl: resumed ? target.url : null,
      headers: { Authorization: `Bearer ${target.token}` },
      metadata: { filename: file.name },
      chunkSize: options.chunkBytes ?? CHUNK_BYTES,
      retryDelays: RETRY_MS,
      storeFingerprintForResuming: false,
      onBeforeRequest: () => gate.pass(),
      onAfterResponse: (request, response) => requireAnswer(request.getMethod(), response.getStatus()),
      onProgress: (sent, total) => onProgress?.({ sent, total: total ?? file.size }),
      onSuccess: () => {
        forget()
        resolve()
      },
      onError: (error) => reject(problemOf(error)),
    })
  })
  upload.start()
  return { upload, gate, done }
}

/**
 * tus-js-client takes any HEAD that is refused but 423 as an upload that is gone, and begins from zero. What is thrown here
 * is for it a request without a response: it is repeated, with the same address.
 */
function requireAnswer(method: string, status: number): void {
  if (method === 'HEAD' && (status >= 500 || status === 429)) throw new Error(`HTTP ${status}`)
}

/** The server's problem document, or that there was no response. */
function problemOf(error: Error | tus.DetailedError): Error {
  const body = 'originalResponse' in error ? error.originalResponse?.getBody() : undefined
  try {
    const document = JSON.parse(body ?? '') as { code?: string; detail?: string; title?: string; retryable?: boolean }
    const status = 'originalResponse' in error ? (error.originalResponse?.getStatus() ?? 0) : 0
    const title = document.title ?? error.message
    return new Problem(status, document.code ?? `http_${status}`, title, document.detail ?? title, null, document.retryable)
  } catch {
    if ('originalResponse' in error && error.originalResponse) return new Error(error.message)
    return new Problem(0, 'unreachable', 'The connection is lost.', 'The connection is lost. What has arrived is kept.')
  }
}
