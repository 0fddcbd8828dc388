// Sending a file by tus 1.0: pause, resume, and resumption after the page was reloaded or the browser closed.
import * as tus from 'tus-js-client'
import { Problem, type Client } from './http'
import type { Job, NewVideo, UploadDoor } from './documents'

export interface UploadProgress {
  sent: number
  total: number
}

export interface Upload {
  videoId: string
  /** Whether bytes of an earlier attempt are there already. */
  resumed: boolean
  pause(): void
  resume(): void
  /** Stops and forgets; the job has to be cancelled by who asked. */
  abort(): Promise<void>
  done: Promise<void>
}

export interface UploadOptions {
  client: Client
  file: File
  video: NewVideo
  onProgress?: (progress: UploadProgress) => void
  onAnnounced?: (job: Job) => void
  storage?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>
  chunkBytes?: number
}

/** What is kept in the browser's storage until the upload is through. */
interface Kept {
  videoId: string
  door: UploadDoor
}

const RETRY_MS = [0, 1000, 3000, 5000, 10_000, 20_000, 30_000]
// Small enough that a broken connection costs little, large enough to be fast.
const CHUNK_BYTES = 16 * 1024 * 1024

/** Announces the video, or takes up an unfinished upload of the same file, and begins to send. */
export async function startUpload(options: UploadOptions): Promise<Upload> {
  const storage = options.storage ?? localStorage
  const name = fingerprint(options.file, options.video)
  const earlier = await takeUp(options.client, storage, name)
  const kept = earlier ?? (await announce(options, storage, name))
  const { upload, gate, done } = begin(options, kept.door, earlier !== null, () => storage.removeItem(name))
  return {
    videoId: kept.videoId,
    resumed: earlier !== null,
    pause: () => {
      gate.close()
      void upload.abort()
    },
    resume: () => {
      if (gate.open()) upload.start()
    },
    abort: async () => {
      storage.removeItem(name)
      gate.close()
      await upload.abort()
    },
    done,
  }
}

/** Holds back requests while an upload is paused: aborting one that has not begun yet does not stop it by itself. */
class Gate {
  private begun = false
  private waiting = false
  private closed: Promise<void> | null = null
  private release = () => {}

  close(): void {
    this.closed ??= new Promise((resolve) => (this.release = resolve))
  }

  /** Whether the upload has to be started again, because what was under way was aborted. */
  open(): boolean {
    const again = this.closed !== null && this.begun && !this.waiting
    this.closed = null
    this.release()
    return again
  }

  async pass(): Promise<void> {
    this.begun = true
    while (this.closed) {
      this.waiting = true
      await this.closed
      this.waiting = false
    }
  }
}

/** The same file with the same wishes is the same upload. */
export function fingerprint(file: Pick<File, 'name' | 'size' | 'lastModified'>, video: NewVideo): string {
  const { size_bytes: _size, filename: _name, ...wishes } = video
  return `tablewatch-upload:${file.name}:${file.size}:${file.lastModified}:${JSON.stringify(wishes)}`
}

async function takeUp(client: Client, storage: Pick<Storage, 'getItem' | 'removeItem'>, name: string): Promise<Kept | null> {
  const kept = read(storage.getItem(name))
  if (kept === null) return null
  const waiting = Date.parse(kept.door.expires_at) > Date.now() && (await isWaiting(client, kept.videoId))
  if (!waiting) storage.removeItem(name)
  return waiting ? kept : null
}

async function isWaiting(client: Client, videoId: string): Promise<boolean> {
  try {
    const job = await client.job(videoId)
    return job.status === 'queued' && job.stage === 'upload'
  } catch {
    return false
  }
}

function read(text: string | null): Kept | null {
  try {
    const kept = JSON.parse(text ?? 'null') as Kept | null
    return kept?.door?.token && kept.videoId ? kept : null
  } catch {
    return null
  }
}

async function announce(options: UploadOptions, storage: Pick<Storage, 'setItem'>, name: string): Promise<Kept> {
  const { file, video } = options
  const { upload: door, ...job } = await options.client.newVideo({ ...video, filename: file.name, size_bytes: file.size })
  options.onAnnounced?.(job)
  const kept = { videoId: job.video_id, door }
  try {
    storage.setItem(name, JSON.stringify(kept))
  } catch {
    // A full or forbidden storage only costs resumption after a reload.
  }
  return kept
}

interface Begun {
  upload: tus.Upload
  gate: Gate
  done: Promise<void>
}

function begin(options: UploadOptions, door: UploadDoor, resumed: boolean, forget: () => void): Begun {
  const { file, onProgress } = options
  const gate = new Gate()
  let upload!: tus.Upload
  const done = new Promise<void>((resolve, reject) => {
    upload = new tus.Upload(file, {
      endpoint: door.create_url,
      // An upload that is gone there is created anew at the endpoint.
      uploadUrl: resumed ? door.url : null,
      headers: { Authorization: `Bearer ${door.token}` },
      metadata: { filename: file.name },
      chunkSize: options.chunkBytes ?? CHUNK_BYTES,
      retryDelays: RETRY_MS,
      storeFingerprintForResuming: false,
      onBeforeRequest: () => gate.pass(),
      onProgress: (sent, total) => onProgress?.({ sent, total: total ?? file.size }),
      onSuccess: () => {
        forget()
        resolve()
      },
      onError: (error) => reject(readable(error)),
    })
  })
  upload.start()
  return { upload, gate, done }
}

function readable(error: Error | tus.DetailedError): Error {
  const body = 'originalResponse' in error ? error.originalResponse?.getBody() : undefined
  try {
    const said = JSON.parse(body ?? '') as { code?: string; detail?: string; title?: string }
    const status = 'originalResponse' in error ? (error.originalResponse?.getStatus() ?? 0) : 0
    const title = said.title ?? error.message
    return new Problem(status, said.code ?? `http_${status}`, title, said.detail ?? title)
  } catch {
    return new Error('originalResponse' in error && error.originalResponse ? error.message : 'The connection is lost.')
  }
}
