// Recording with a camera of this device: opened, looked through, recorded, looked at.
import { computed, signal } from '@preact/signals'
import { T } from './texts'

/** What is recorded is kept in memory until it is sent. */
export const LIMITS = { ms: 30 * 60_000, bytes: 1_000_000_000 }
const BITS_PER_SECOND = 2_500_000
/** The first that the browser can write. All are taken by ingest. */
const TYPES = ['video/webm;codecs=vp8', 'video/webm', 'video/mp4']
const SLICE_MS = 1000
const SIZE = { width: { ideal: 1920 }, height: { ideal: 1080 } }

export interface Recorded {
  file: File
  /** Of the file, for the browser to show. */
  url: string
  startedAt: Date
  ms: number
}

export type RecorderState = 'closed' | 'opening' | 'open' | 'recording' | 'recorded'

export class Recorder {
  readonly state = signal<RecorderState>('closed')
  /** Why there is no picture, or why it ended. */
  readonly problem = signal('')
  readonly stream = signal<MediaStream | null>(null)
  /** Of this device, once one may be used. */
  readonly cameras = signal<readonly MediaDeviceInfo[]>([])
  readonly camera = signal('')
  readonly ms = signal(0)
  readonly bytes = signal(0)
  readonly recorded = signal<Recorded | null>(null)
  /** Whether something would be lost with the page. */
  readonly unsent = computed(() => this.state.value === 'recording' || this.state.value === 'recorded')
  private media: MediaRecorder | null = null
  /** Number of the wish to open a camera: one that is late is closed again. */
  private wish = 0

  constructor(private readonly now: () => number = Date.now) {}

  /** Shows what a camera sees: the one with this id, or that on the back of the device. */
  async open(camera = ''): Promise<void> {
    const wish = ++this.wish
    this.closeStream()
    this.forget()
    this.problem.value = camerasAllowed() ? '' : T.record.insecure
    if (this.problem.value) return
    this.state.value = 'opening'
    try {
      const chosen: MediaTrackConstraints = camera ? { deviceId: { exact: camera } } : { facingMode: { ideal: 'environment' } }
      const stream = await navigator.mediaDevices.getUserMedia({ video: { ...SIZE, ...chosen }, audio: false })
      if (this.wish !== wish) return stopTracks(stream)
      await this.show(stream)
    } catch (error) {
      if (this.wish === wish) this.fail(error)
    }
  }

  /** Begins to record; it ends by `stop`, at a limit, or when the camera is taken away. */
  start(): void {
    const stream = this.stream.value
    if (this.state.value !== 'open' || stream === null) return
    try {
      this.record(stream)
    } catch (error) {
      this.media = null
      this.fail(error)
      this.problem.value = whyNotRecorded(error)
    }
  }

  private record(stream: MediaStream): void {
    const type = TYPES.find((each) => MediaRecorder.isTypeSupported(each))
    const media = new MediaRecorder(stream, { videoBitsPerSecond: BITS_PER_SECOND, ...(type ? { mimeType: type } : {}) })
    const parts: Blob[] = []
    const began = this.now()
    media.ondataavailable = ({ data }) => {
      if (this.media !== media) return // of one that was closed
      parts.push(data)
      this.ms.value = this.now() - began
      this.bytes.value += data.size
      if (isFull(this.ms.value, this.bytes.value)) this.stop()
    }
    media.onstop = () => {
      if (this.media === media) this.keep(parts, media.mimeType, began)
    }
    media.start(SLICE_MS)
    this.media = media
    this.state.value = 'recording'
  }

  /** The camera is released; what was recorded is kept. */
  stop(): void {
    if (this.media?.state === 'recording') this.media.stop() // then it is kept
  }

  /** When its view is left: what was recorded is there when it is shown again. */
  leave(): void {
    if (this.state.value === 'recording') return this.stop()
    if (this.state.value !== 'recorded') this.close()
  }

  /** Nothing of it is kept. */
  close(): void {
    this.wish += 1
    this.media = null
    this.closeStream()
    this.forget()
    this.problem.value = ''
    this.state.value = 'closed'
  }

  private async show(stream: MediaStream): Promise<void> {
    for (const track of stream.getVideoTracks()) track.onended = () => this.lose()
    this.stream.value = stream
    this.camera.value = stream.getVideoTracks()[0]?.getSettings().deviceId ?? ''
    this.state.value = 'open'
    const devices = await navigator.mediaDevices.enumerateDevices()
    this.cameras.value = devices.filter((each) => each.kind === 'videoinput')
  }

  /** The browser has ended its track: it was pulled out, or may not be used any more. */
  private lose(): void {
    const recording = this.state.value === 'recording'
    this.problem.value = recording ? T.record.lostRecording : T.record.lost
    if (recording) return this.stop()
    this.closeStream()
    this.state.value = 'closed'
  }

  private keep(parts: Blob[], type: string, began: number): void {
    this.media = null
    this.closeStream()
    if (parts.every((part) => part.size === 0)) return this.loseAll()
    const startedAt = new Date(began)
    const plain = type.split(';')[0] || 'video/webm'
    const file = new File(parts, nameOf(startedAt, plain), { type: plain, lastModified: this.now() })
    this.recorded.value = { file, url: URL.createObjectURL(file), startedAt, ms: this.ms.value }
    this.state.value = 'recorded'
  }

  /** Stopped before anything of it was there. */
  private loseAll(): void {
    this.problem.value = T.record.nothing
    this.state.value = 'closed'
  }

  private fail(error: unknown): void {
    this.closeStream()
    this.state.value = 'closed'
    this.problem.value = whyNot(error)
  }

  private closeStream(): void {
    if (this.stream.value) stopTracks(this.stream.value)
    this.stream.value = null
  }

  private forget(): void {
    if (this.recorded.value) URL.revokeObjectURL(this.recorded.value.url)
    this.recorded.value = null
    this.ms.value = 0
    this.bytes.value = 0
  }
}

export function isFull(ms: number, bytes: number): boolean {
  return ms >= LIMITS.ms || bytes >= LIMITS.bytes
}

/** With date and time of this browser: `recording 2026-11-29 22-05-09.webm`. */
export function nameOf(startedAt: Date, type: string): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const day = [startedAt.getFullYear(), two(startedAt.getMonth() + 1), two(startedAt.getDate())].join('-')
  const time = [startedAt.getHours(), startedAt.getMinutes(), startedAt.getSeconds()].map(two).join('-')
  return `recording ${day} ${time}.${type === 'video/mp4' ? 'mp4' : 'webm'}`
}

/** Why a camera cannot be opened, in plain words with the browser's own name of it. */
export function whyNot(error: unknown): string {
  const name = error instanceof Error ? error.name : ''
  const known = T.record.failures[name] ?? T.record.failed
  return name ? `${known} (${name})` : known
}

/** Why nothing can be recorded of a camera that is open. */
export function whyNotRecorded(error: unknown): string {
  return error instanceof Error ? `${T.record.notRecorded} (${error.name})` : T.record.notRecorded
}

/** A browser gives its cameras to pages over HTTPS, and to those of its own machine. */
function camerasAllowed(): boolean {
  return isSecureContext && navigator.mediaDevices !== undefined
}

function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) {
    track.onended = null
    track.stop()
  }
}
