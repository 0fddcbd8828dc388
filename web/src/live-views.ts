// The newest judged frames of the cameras that somebody looks at: by the event stream, or asked for while that brings none.
import type { CameraView, Client, OpenStream } from './client'

/** How often a view is asked for while the stream brings none. */
const EVERY_MS = 2000
/** How long the stream may take for the first. */
const FIRST_MS = 5000
/** A stream that brings none for so long may be dead. */
const SILENT_MS = 30_000
/** From one view of the page to the next a camera is left and looked at again. */
const SETTLE_MS = 50
/** Who looks at another tab for a moment comes back to pictures that go on. */
const HIDDEN_MS = 10_000

interface Looked {
  listeners: Set<(view: CameraView) => void>
  newest: CameraView | null
  /** Until then the stream is waited for; ms. */
  patient: number
  /** When the stream has brought one, or it turned out that there was none to bring; ms. 0: it is not relied on. */
  heard: number
  isAsking: boolean
}

export class LiveViews {
  private readonly looked = new Map<string, Looked>()
  private stream: OpenStream | null = null
  private timer: ReturnType<typeof setInterval> | undefined
  private settling: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly client: Pick<Client, 'cameraView'>) {}

  /** Calls with each new frame of a camera, the one that is known first; returns a function that ends it. */
  look(cameraId: string, onView: (view: CameraView) => void): () => void {
    const known = this.looked.get(cameraId) ?? this.begin(cameraId)
    known.listeners.add(onView)
    if (known.newest) onView(known.newest)
    return () => {
      known.listeners.delete(onView)
      if (known.listeners.size > 0 || this.looked.get(cameraId) !== known) return
      this.looked.delete(cameraId)
      this.settle()
    }
  }

  /** By this stream from now on; null: by none. */
  use(stream: OpenStream | null): void {
    this.stream = stream
    this.mistrust()
    if (this.looked.size > 0) this.settle()
  }

  /** A view that the stream has brought. */
  receive(view: CameraView): void {
    const looked = this.looked.get(view.camera_id ?? '')
    if (!looked || view.run_id !== null) return
    if (looked.newest && view.captured_at < looked.newest.captured_at) return // one from before, kept for who comes later
    looked.heard = Date.now()
    show(looked, view)
  }

  /** The stream is broken, or was opened without views: they are asked for until it brings one. */
  mistrust(): void {
    for (const looked of this.looked.values()) looked.heard = 0
  }

  stop(): void {
    clearTimeout(this.settling)
    clearInterval(this.timer)
    this.timer = undefined
    document.removeEventListener('visibilitychange', this.settle)
  }

  private begin(cameraId: string): Looked {
    const looked = { listeners: new Set<(view: CameraView) => void>(), newest: null, patient: Date.now() + FIRST_MS, heard: 0, isAsking: false }
    this.looked.set(cameraId, looked)
    this.settle()
    this.timer ??= this.start()
    void this.ask(cameraId, looked) // what is known already is there at once
    return looked
  }

  private start(): ReturnType<typeof setInterval> {
    document.addEventListener('visibilitychange', this.settle)
    return setInterval(() => this.askForMissing(), EVERY_MS)
  }

  /** Tells the stream what is looked at; a tab that is hidden looks at nothing. */
  private readonly settle = (): void => {
    clearTimeout(this.settling)
    this.settling = setTimeout(() => {
      if (this.looked.size === 0) this.stop()
      this.stream?.watch(document.hidden ? [] : [...this.looked.keys()])
    }, document.hidden ? HIDDEN_MS : SETTLE_MS)
  }

  private askForMissing(): void {
    if (document.hidden) return
    const now = Date.now()
    for (const [cameraId, looked] of this.looked)
      if (now >= looked.patient && now - looked.heard >= SILENT_MS) void this.ask(cameraId, looked)
  }

  private async ask(cameraId: string, looked: Looked): Promise<void> {
    if (looked.isAsking) return
    looked.isAsking = true
    const view = await this.client.cameraView(cameraId).catch(() => null) // asked for again
    looked.isAsking = false
    if (!view || this.looked.get(cameraId) !== looked) return
    const isMissed = isNewer(view, looked.newest)
    if (looked.heard > 0) looked.heard = isMissed ? 0 : Date.now() // else the camera is slow, not the stream
    if (isMissed) show(looked, view)
  }
}

/** An answer may come after a frame of the stream that is later. */
function isNewer(view: CameraView, known: CameraView | null): boolean {
  return known === null || view.captured_at > known.captured_at
}

function show(looked: Looked, view: CameraView): void {
  looked.newest = view
  for (const listener of looked.listeners) listener(view)
}
