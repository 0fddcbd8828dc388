// Documents of the HTTP API, as far as the page reads them. Events of the topics are in ../generated/events.ts.
import type { CameraStatus, HazardAlert, Open, TableGroup, TableState, Time } from '../generated/events'

export type JobStatus = Open<'queued' | 'processing' | 'done' | 'failed' | 'cancelled'>

export interface Page<Item> {
  items: Item[]
  next_cursor: string | null
}

export interface Site {
  site_id: string
  name: string
  timezone: string
  version: number
}

export interface Camera {
  camera_id: string
  site_id: string
  name: string
  layout_version: number | null
}

export type Point = [number, number]

export interface LayoutTable {
  table_id: string
  label: string
  seats: number | null
  polygon: Point[]
  top: Point[] | null
}

/** Coordinates are relative to the picture, 0 to 1, y down. */
export interface Layout {
  camera_id: string
  version: number
  reference: { width: number; height: number }
  tables: LayoutTable[]
  floor: Point[][]
}

export interface Stage {
  name: Open<'upload' | 'extract' | 'tables' | 'hazards'>
  status: JobStatus
  /** Per cent. */
  progress: number
}

export interface Job {
  video_id: string
  run_id: string
  site_id: string
  camera_id: string | null
  filename: string | null
  status: JobStatus
  stage: string
  stages: Stage[]
  /** Per cent. */
  progress: number
  /** Uploaded, and nothing was heard of it for a while (as of the request; events say no). */
  stuck: boolean
  frames: { published: number; expected: number | null }
  sampling: { mode: string; every_ms: number | null }
  picture: PictureChoice
  /** Version of the camera's layout that applies. */
  layout_version: number | null
  make: string[]
  started_at: Time | null
  /** What can be done with it now, each a request of this API. */
  next: Step[]
  error: { code: string; reason: string; retryable: boolean } | null
  video: VideoFacts | null
  created_at: Time
  updated_at: Time
}

/** How frames are stored; null: the usual quality, full size. */
export interface PictureChoice {
  format: 'jpeg' | 'png'
  quality: number | null
  /** Pixels. */
  long_side: number | null
}

export interface Step {
  action: Open<'cancel' | 'retry' | 'delete' | 'frames' | 'states'>
  method: 'GET' | 'POST' | 'DELETE'
  href: string
}

/** A state that a table came to: the record that told of it, and when the next one came. */
export type Turn = TableState & {
  /** When the next state began; null while this one holds. */
  until: Time | null
  duration_ms: number | null
}

/** Which transitions; everything that is left out is open. `runId` null: live ones only. */
export interface TurnsOf {
  siteId?: string
  tableId?: string
  cameraId?: string
  runId?: string | null
  from?: Time
  to?: Time
  limit?: number
}

/** The same table in all versions of its camera's layout. */
export interface Table {
  table_id: string
  site_id: string
  camera_id: string
  section_id: string | null
  label: string
  seats: number | null
  created_at: Time
  /** When the newest layout left it out; null while it has it. */
  retired_at: Time | null
}

/** A table cut out of a frame; `url` opens this JPEG alone and expires. */
export interface Crop {
  table_id: string
  /** x0, y0, x1, y1 in the frame, 0 to 1. */
  box: [number, number, number, number]
  offset: number
  length: number
  changed: boolean | null
  change: number | null
  url: string
}

/** A picture as events name it. */
export type Named =
  | { frame_id: string; table_id?: string }
  | { object_key: string; offset?: number; length?: number }
  | { evidence_id: string; table_id: string; run_id?: string | null }

export interface Link {
  object_key: string
  url: string
  expires_at: Time
  size_bytes: number
}

export interface VideoFacts {
  duration_ms: number | null
  fps: number | null
  codec: string
  width: number
  height: number
  size_bytes: number
  container: string
}

/** Where to send the file: tus 1.0 at create_url, with the token as bearer. */
export interface UploadDoor {
  url: string
  create_url: string
  content_url: string
  token: string
  expires_at: Time
  max_bytes: number
}

export type NewJob = Job & { upload: UploadDoor }

export interface NewVideo {
  site_id?: string
  camera_id?: string
  sampling?: { mode: 'cadence' | 'keyframes' | 'all'; every_ms?: number }
  picture?: Partial<PictureChoice>
  /** Newest, in force at started_at, or by number. */
  layout?: 'current' | 'at_time' | number
  started_at?: Time
  make?: ('frames' | 'tables' | 'hazards')[]
  filename?: string
  size_bytes?: number
}

export interface Frame {
  frame_id: string
  index: number
  media_ms: number
  captured_at: Time
  width: number
  height: number
  /** Signed; expires. */
  url: string
}

export type HazardAction = 'acknowledge' | 'clear' | 'verify' | 'dismiss'

/** First event of a stream, and whenever what the reader had cannot be trusted any more. */
export interface Snapshot {
  site_id: string
  seq: number
  as_of: Time
  videos: Job[]
  states: TableState[]
  hazards: HazardAlert[]
  cameras: CameraStatus[]
  groups: TableGroup[]
}
