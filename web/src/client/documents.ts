// Documents of the HTTP API, with the fields that the page reads. Events of the topics are in ../generated/events.ts.
import type { CameraProbe, CameraProbeDevice, CameraStatus, HazardAlert, Open, TableGroup, TableState, Time } from '../generated/events'

export type JobStatus = Open<'awaiting_file' | 'queued' | 'processing' | 'done' | 'failed' | 'cancelled'>

/** One detection; `box` is x0, y0, x1, y1 in the picture, 0 to 1. */
export interface Seen {
  label: string
  score: number
  box: [number, number, number, number]
  /** The table that the rule gives it to, with the share of the box inside its zone. */
  table_id: string | null
  share: number | null
  second_table_id: string | null
  /** Whether it made a table unknown. */
  doubtful: boolean
  /** Why it counts for no table; null: it may. */
  ignored: string | null
}

/** What one frame says of a table. */
export interface JudgedTable {
  table_id: string
  label: string | null
  verdict: Open<'free' | 'occupied' | 'unknown'>
  confidence: number
  people: number
  things: number
  /** Why nobody can tell, as a code and as a sentence. */
  reason: string | null
  reason_text: string | null
  /** In the answer of `GET /v1/cameras/{id}/view`; a stream has `table.state`. */
  state?: TableState | null
}

/** The newest judged frame of a camera, or of a run of it: `GET /v1/cameras/{id}/view?run_id=`, and event `camera.view`. */
export interface CameraView {
  site_id: string
  camera_id: string | null
  run_id: string | null
  video_id: string | null
  frame_id: string
  frame_key: string
  captured_at: Time
  width: number
  height: number
  layout_version: number | null
  model: { name: string; version: string }
  rule: string
  seen: Seen[]
  tables: JudgedTable[]
  /** Opens the picture without a key until it expires. */
  url: string
}

/** What one frame says of a table; the boxes are those that concern it. */
export interface Look extends Omit<JudgedTable, 'state'> {
  frame_id: string
  camera_id: string | null
  captured_at: Time
  layout_version: number | null
  url: string
  seen: Seen[]
  why: string
}

/** Why a table is in its state: the newest of the frames that it was concluded from, newest first. */
export interface Why {
  table_id: string
  state: TableState | null
  looks: Look[]
}

export interface Page<Item> {
  items: Item[]
  next_cursor: string | null
}

export type Weekday = 'monday' | 'tuesday' | 'wednesday' | 'thursday' | 'friday' | 'saturday' | 'sunday'

/** Intervals of each weekday by the clock of the site, `11:00-14:30`; one that ends at or before its beginning ends on the next day. */
export type OpeningHours = Record<Weekday, string[]>

export interface Site {
  site_id: string
  name: string
  timezone: string
  /** Null: always. Absent from older servers. */
  opening_hours?: OpeningHours | null
  version: number
}

export interface Section {
  section_id: string
  site_id: string
  name: string
}

/** Where a table stands on the plan, in squares of a grid from its upper left corner. */
export interface PlannedTable {
  table_id: string
  x: number
  y: number
}

/** `version` 0: nobody has arranged it. */
export interface Plan {
  site_id: string
  version: number
  places: PlannedTable[]
}

/** Which parts of tablewatch work now. */
export interface SystemHealth {
  version: string
  as_of: string
  parts: SystemPart[]
}

export interface SystemPart {
  /** `ingest`, `extractor`, `cropper`, `classifier-gateway`, `hazard`, `api`, `broker`, `database`, `store`. */
  part: string
  state: 'well' | 'away' | 'unknown'
  purpose: string
}

/** Null is every site. */
export interface Session {
  key_id: string
  scopes: string[]
  site_ids?: string[] | null
}

export type Scope = 'asset' | 'read' | 'write' | 'upload' | 'admin'

export interface ApiKey {
  key_id: string
  prefix: string
  name: string
  scopes: Open<Scope>[]
  /** Null: every site. */
  site_ids: string[] | null
  created_at: Time
  expires_at: Time | null
  revoked_at: Time | null
  last_used_at: Time | null
}

/** `key` is its text, which no other answer has. */
export type CreatedKey = ApiKey & { key: string }

export type SourceType = 'rtsp' | 'hls' | 'snapshot' | 'file'

/** Where a camera's pictures come from; `none`: of uploaded videos only. */
export interface CameraSource {
  type: Open<SourceType | 'none'>
  address: string | null
  /** Stands for user name and password that are stored; sent back it keeps them. */
  secret_ref: string | null
  transport?: Open<'tcp' | 'udp'> | null
}

/** A source as it is given: user name and password are never answered. */
export interface NewSource {
  type: SourceType
  address: string
  user?: string
  password?: string
  secret_ref?: string
  transport?: 'udp' | null
}

export interface NewCamera {
  site_id: string
  name: string
  /** Left out: the lowest that no camera of the site has. */
  number?: number
  section_id?: string | null
  notes?: string | null
  source: NewSource
  cadence_ms: number
}

/** What is left out stays. `opening_hours` null: as the site has them. */
export interface CameraChange {
  name?: string
  number?: number
  section_id?: string | null
  notes?: string | null
  source?: NewSource
  enabled?: boolean
  cadence_ms?: number
  opening_hours?: OpeningHours | null
}

/** What came of opening a camera once. */
export interface Probe {
  probe_id: string
  source: { type: string; address: string }
  status: Open<'waiting' | 'done' | 'failed'>
  error: CameraProbe['error']
  found: CameraProbe['found']
  requested_at: Time
  /** By then there is an answer, or a few seconds later it has failed. */
  expires_at: Time
  /** A link, which expires, to a picture of the camera. */
  snapshot_url: string | null
}

/** User name and password of cameras. */
export interface Login {
  user: string
  password: string
}

/** What came of looking for cameras. */
export interface Discovery {
  discovery_id: string
  status: Open<'waiting' | 'done' | 'failed'>
  error: CameraProbe['error']
  requested_at: Time
  /** By then there is an answer, or a few seconds later it has failed. */
  expires_at: Time
  devices?: CameraProbeDevice[] | null
  /** Devices that answered and are no cameras; those that are one too many for the list. */
  others?: number | null
  left_out?: number | null
}

/** A document with the tag that `If-Match` takes: a change of it is refused if it was changed since. */
export interface Tagged<Document> {
  document: Document
  tag: string
}

export type CameraState = Open<'draft' | 'verifying' | 'verified' | 'live' | 'paused'>

/** `camera.state`, and an item of `GET /v1/cameras/{id}/state/history`. */
export interface CameraTransition {
  camera_id: string
  /** In the event alone, and not in that of an older version. */
  name?: string
  site_id: string
  seq: number
  at: Time
  /** Null: it was registered. */
  previous_state: CameraState | null
  state: CameraState
  /** A code, and a sentence. */
  why: string
  reason: string
  who: Open<'key' | 'camera' | 'cropper'>
  key_id: string | null
  key_name: string | null
}

export interface Camera {
  camera_id: string
  site_id: string
  name: string
  /** What people call it by; null: added by an older version. */
  number?: number | null
  section_id?: string | null
  notes?: string | null
  enabled?: boolean
  source?: CameraSource
  cadence_ms?: number
  opening_hours?: OpeningHours | null
  version?: number
  /** Whether anything reads the camera's source. Absent from older servers. */
  capture?: { state: Open<'none' | 'captured' | 'unsupported'>; reason: string | null }
  /** How far it has come; its health is its `camera.status`. Absent from older servers. */
  state?: CameraState
  layout_version: number | null
}

export type Point = [number, number]

export interface LayoutTable {
  table_id: string
  label: string
  seats: number | null
  section_id?: string | null
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
  /** Areas in which nothing counts. */
  ignore: Point[][]
}

/** A drawing; a table without `table_id` is a new one. */
export interface NewLayout {
  reference: Layout['reference']
  tables: (Omit<LayoutTable, 'table_id'> & { table_id?: string })[]
  floor: Point[][]
  ignore: Point[][]
}

/** A state that a table would have come to; `since`: the first picture that shows it, `as_of`: when it was certain. */
export type DryRunTransition = Pick<TableState, 'state' | 'previous_state' | 'confidence' | 'since' | 'as_of' | 'reason'> & {
  people: number | null
  unknown_reason: string | null
}

export interface DryRunTable {
  table_id: string
  label: string
  /** Null: too little was seen so far to say anything. */
  state: TableState | null
  /** A sentence where the state is unknown or null. */
  why: string | null
  /** Oldest first. */
  transitions: DryRunTransition[]
}

/** What would be said of the tables of a camera, and nobody else hears of: `GET /v1/cameras/{id}/dry-runs/{id}`. */
export interface DryRun {
  dry_run_id: string
  site_id: string
  camera_id: string
  status: Open<'running' | 'done'>
  began_at: Time
  until: Time
  /** Null: of tables that came with the request. */
  layout_version: number | null
  /** Stored pictures of that time so far; those that are to be looked at; those that were. */
  pictures: number
  asked: number
  looked: number
  sentence: string
  tables: DryRunTable[]
  /** The newest picture that was looked at; null before the first. */
  view: CameraView | null
}

export type LayoutFormat = 'crop' | 'coco' | 'frigate'

export interface LayoutVersion {
  version: number
  created_at: Time
  tables: number
  newest: boolean
  /** These are null of older versions. */
  author: string | null
  origin: Open<'drawn' | 'restored' | 'imported'> | null
  restored_from: number | null
}

/** What a version changed of the one before. Lists have ids of tables. */
export interface LayoutDiff {
  from_version: number | null
  version: number
  new: string[]
  retired: string[]
  merged_from: Record<string, string[]>
  split_from: Record<string, string>
  changed: { table_id: string; label: string; fields: string[]; iou: number }[]
  floor_changed: boolean
  ignore_changed: boolean
  reference_changed: boolean
}

/** Of a table that is taken as it was drawn: what may be wrong with it. */
export interface LayoutWarning {
  code: Open<'zone_too_small' | 'zone_is_top' | 'label_doubled'>
  table_id: string
  label: string
  sentence: string
}

/** The answer to a drawing. */
export interface SavedLayout extends Layout {
  warnings: LayoutWarning[]
}

/** A doubt that another outline of a table may end, and how many looks had it. */
export interface LayoutHint {
  table_id: string
  label: string
  reason: Open<'person_outside_zone' | 'zone_too_small'>
  sentence: string
  looks: number
}

export interface ScorePart {
  name: Open<'light' | 'pixels' | 'angle' | 'keyframes' | 'stability' | 'doubt'>
  /** 0 to 100; null: not known. */
  score: number | null
  /** What was found and what to do. */
  sentence: string
}

/** How well the view of a camera serves its tables: `total` is that of the worst part. */
export interface ViewScore {
  camera_id: string
  as_of: Time
  total: number | null
  sentence: string
  looks: number
  parts: ScorePart[]
}

/** The same of one day, `YYYY-MM-DD`. */
export interface DayScore extends Omit<ViewScore, 'as_of'> {
  day: string
  made_at: Time
}

/** A table to accept or to mend: as a layout has it, and why. */
export interface SuggestedTable {
  label: string
  seats: number | null
  polygon: Point[]
  /** Where a dining table is seen; null: somebody sat where none is. */
  top: Point[] | null
  /** How often such a suggestion was a table, 0 to 1. */
  confidence: number
  people: number
  sat_s: number
  seen_share: number
  why: string
}

/** Tables that are suggested so far: all are when `looked` is `frames`. */
export interface SuggestedLayout {
  camera_id: string
  since: Time
  until: Time
  frames: number
  looked: number
  tables: SuggestedTable[]
}

/** Where the tables of a camera that was moved are now. `code` null: it is proposed; else `reason` says why nothing is. */
export interface LayoutProposal {
  proposal_id: string
  /** Version of the layout whose tables were carried over. */
  layout_version: number
  made_at: Time
  code: string | null
  reason: string
  /** Tables that are mostly out of the picture now. */
  lost_table_ids: string[]
  reference: Layout['reference'] | null
  tables: LayoutTable[] | null
  floor: Point[][] | null
  ignore: Point[][] | null
  before_url: string
  after_url: string
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
  /** Uploaded, and no event of it for a while (as of the request; always false in events). */
  stuck: boolean
  frames: { published: number; expected: number | null }
  sampling: { mode: string; every_ms: number | null }
  picture: PictureChoice
  /** Version of the camera's layout that applies. */
  layout_version: number | null
  make: string[]
  started_at: Time | null
  /** Requests of this API that are possible now. */
  next: NextAction[]
  error: { code: string; reason: string; retryable: boolean } | null
  /** What the job waits for, though nothing is wrong with it; it goes on by itself. Absent from older servers. */
  waiting?: { code: string; reason: string } | null
  video: VideoFacts | null
  created_at: Time
  updated_at: Time
}

/** How frames are stored; null: default quality, full size. */
export interface PictureChoice {
  format: 'jpeg' | 'png'
  quality: number | null
  /** Pixels. */
  long_side: number | null
}

export interface NextAction {
  action: Open<'cancel' | 'retry' | 'delete' | 'frames' | 'states'>
  method: 'GET' | 'POST' | 'DELETE'
  href: string
}

/** A transition of a table: its record, and how long the state lasted. */
export type StateTransition = TableState & {
  /** When the next state began; null while this one lasts. */
  until: Time | null
  duration_ms: number | null
}

/** Filters of the state history. `runId` null: live transitions only. */
export interface StateHistoryQuery {
  siteId?: string
  tableId?: string
  cameraId?: string
  runId?: string | null
  from?: Time
  to?: Time
  limit?: number
}

/** The same table in all layout versions, and of all cameras that see it. */
export interface Table {
  table_id: string
  site_id: string
  /** One of the cameras that see it. */
  camera_id: string
  /** Cameras whose newest layout has it. */
  camera_ids?: string[]
  section_id: string | null
  label: string
  seats: number | null
  created_at: Time
  /** When a layout without it was drawn; null while the newest one has it. */
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

/** A picture by the ids or keys that events have. */
export type PictureReference =
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
  rotation_degrees: number
  mirrored: boolean
  /** sdr, or HDR as hlg or pq; pictures of frames are SDR. null: not known. */
  transfer: string | null
  size_bytes: number
  container: string
  /** Which of the file's video tracks is taken, from 0 with covers (FFmpeg's v:N), and how many it has. */
  video_track: number | null
  video_tracks: number | null
}

/** Where to send the file: by tus 1.0 to create_url, with the token as bearer token. */
export interface UploadTarget {
  url: string
  create_url: string
  content_url: string
  /** Where links are signed for parts that go straight to the bucket; null: files are not in S3. */
  parts_url: string | null
  token: string
  expires_at: Time
  max_bytes: number
}

export type NewJob = Job & { upload: UploadTarget }

export interface NewVideo {
  site_id?: string
  camera_id?: string
  sampling?: { mode: 'cadence' | 'keyframes' | 'all'; every_ms?: number }
  picture?: Partial<PictureChoice>
  /** The newest, the one in force at started_at, or a version by its number. */
  layout?: 'current' | 'at_time' | number
  started_at?: Time
  make?: ('frames' | 'tables' | 'hazards')[]
  filename?: string
  /** Exact: a file of another size is refused. */
  size_bytes?: number
}

export interface Frame {
  frame_id: string
  index: number
  media_ms: number
  captured_at: Time
  width: number
  height: number
  /** Variance of its Laplacian: comparable between frames of one video. */
  sharpness?: number | null
  /** Signed; expires. */
  url: string
}

export type Hazard = HazardAlert & { picture_url: string | null }

export type HazardAction = 'acknowledge' | 'clear' | 'verify' | 'dismiss'

export type SnapshotCounts = Record<'videos' | 'states' | 'hazards' | 'cameras' | 'probes' | 'groups', number>

/** The first event of a stream, and again when a stream could not be resumed. */
export interface Snapshot {
  site_id: string
  seq: number
  as_of: Time
  /** `reset`: it follows a `resync`, and replaces all that was known. */
  reason: Open<'start' | 'reset'>
  /** Documents in each list, and those of each list that the site has beside them: ask REST for these. */
  holds: SnapshotCounts
  left_out: SnapshotCounts
  videos: Job[]
  states: TableState[]
  hazards: HazardAlert[]
  cameras: CameraStatus[]
  probes: CameraProbe[]
  groups: TableGroup[]
}
