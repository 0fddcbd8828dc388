// Made by schemas/generate.py; do not edit.
// Unions of known enum values stay open: a reader must expect values that it does not know.

/** A string of which some values are known. */
export type Open<Known extends string> = Known | (string & {})

/** RFC 3339, UTC, millisecond precision. */
export type Time = string

/** Which frames are taken from the video. */
export interface VideoUploadedSampling {
  /** cadence: one frame every `every_ms`; keyframes: every keyframe; all: every frame. */
  mode: Open<'cadence' | 'keyframes' | 'all'>
  /** Cadence in milliseconds of media time; null unless mode is cadence. */
  every_ms: number | null
}

/** How the pictures of the frames are stored; missing or null: JPEG of the extractor's usual quality, in full size. */
export interface VideoUploadedPicture {
  /** jpeg, or png without loss. */
  format: Open<'jpeg' | 'png'>
  /** JPEG quality, 1 to 100; null: the extractor's usual one. */
  quality: number | null
  /** Longer side of the stored picture, pixels; a smaller picture stays as it is. Null: full size. */
  long_side: number | null
}

/** A video file is stored and admitted; its run may begin. */
export interface VideoUploaded {
  /** Video. */
  video_id: string
  /** Site that owns the data. */
  site_id: string
  /** Run that this upload starts. */
  run_id: string
  /** Camera. */
  camera_id: string | null
  /** Object that holds the original bytes. */
  object_key: string
  /** Immutable manifest of the run. */
  manifest_key: string
  /** Size of the file, bytes. */
  size_bytes: number
  /** SHA-256 of the file, lower-case hex. */
  sha256: string
  /** Container format by content, e.g. mp4, matroska, mpegts, avi. */
  container: string
  /** Video codec, e.g. h264. */
  codec: string
  /** Displayed width before rotation, pixels. */
  width: number
  /** Displayed height before rotation, pixels. */
  height: number
  /** Clockwise rotation to apply for display: 0, 90, 180 or 270. */
  rotation_degrees: number
  /** Duration, milliseconds; null if the container does not say. */
  duration_ms: number | null
  /** Average frames a second; null if unknown. */
  fps: number | null
  /** When the recording started, from the uploader or the container; null if unknown. RFC 3339, UTC, millisecond precision. */
  started_at: Time | null
  /** Layout object that applies; null without a camera. */
  layout_key: string | null
  /** Which frames are taken from the video. */
  sampling: VideoUploadedSampling
  /** How the pictures of the frames are stored; missing or null: JPEG of the extractor's usual quality, in full size. */
  picture?: VideoUploadedPicture | null
  /** What this run is asked to make. */
  make: (Open<'frames' | 'tables' | 'hazards'>)[]
  /** When the last byte was stored. RFC 3339, UTC, millisecond precision. */
  uploaded_at: Time
}

/** An uploaded file was refused. */
export interface VideoRejected {
  /** Video. */
  video_id: string
  /** Site that owns the data. */
  site_id: string
  /** Run that will not start. */
  run_id: string
  /** Stable refusal code, listed in docs/errors-and-retries.md. */
  code: string
  /** A sentence for a person, saying what to do. */
  reason: string
  /** Whether sending the same file again can succeed. */
  retryable: boolean
  /** Bytes received, if known. */
  size_bytes: number | null
  /** When it was refused. RFC 3339, UTC, millisecond precision. */
  rejected_at: Time
}

/** Why it failed. */
export interface VideoProgressError {
  /** Stable machine-readable code, listed in docs/errors-and-retries.md. */
  code: string
  /** A sentence for a person, saying what to do. */
  reason: string
  /** Whether trying again unchanged can succeed. */
  retryable: boolean
}

/** One gap. */
export interface VideoProgressGap {
  /** Start, milliseconds of media time. */
  from_ms: number
  /** End, milliseconds; null for the end of the file. */
  to_ms: number | null
  /** Stable code. */
  code: string
}

/** Still pictures of the run, where made. */
export interface VideoProgressThumbnails {
  /** Object of the first frame's thumbnail. */
  first: string | null
  /** Object of the best frame's thumbnail. */
  best: string | null
}

/** How far the extraction of a run is. Written on every change worth telling, at most about once a second. */
export interface VideoProgress {
  /** Video. */
  video_id: string
  /** Site that owns the data. */
  site_id: string
  /** Run. */
  run_id: string
  /** Rises with every record of the run; a reader ignores a lower one. */
  sequence: number
  /** State of the extraction. */
  status: Open<'queued' | 'processing' | 'done' | 'failed' | 'cancelled'>
  /** What it is doing. */
  stage: Open<'plan' | 'extract' | 'publish' | 'done'>
  /** Attempt, from 1. */
  attempt: number
  /** Frames published so far. */
  frames_published: number
  /** Frames expected in all; null if not known. */
  frames_expected: number | null
  /** Media time extracted, milliseconds. */
  media_ms_done: number
  /** Duration, milliseconds; null if not known. */
  media_ms_total: number | null
  /** Progress by media time. */
  percent: number
  /** Why it failed. */
  error: VideoProgressError | null
  /** Stretches of media time that could not be read. */
  gaps: VideoProgressGap[]
  /** Still pictures of the run, where made. */
  thumbnails: VideoProgressThumbnails
  /** When this was true. RFC 3339, UTC, millisecond precision. */
  updated_at: Time
}

/** One frame is stored. Frames of a run come in media order; the last one says so. */
export interface FrameExtracted {
  /** Frame: `{run_id}-{index:09d}` or `{camera_id}-{captured_ms}`. */
  frame_id: string
  /** Site that owns the data. */
  site_id: string
  /** Camera. */
  camera_id: string | null
  /** Run (one pass of a video through the pipeline); null on the live lane. */
  run_id: string | null
  /** Video that the frame was cut from; null when live. */
  video_id: string | null
  /** Position in the run, from 0, in media order; null when live. */
  index: number | null
  /** Presentation time since the start of the video, milliseconds; null when live. */
  media_ms: number | null
  /** When the light was seen. RFC 3339, UTC, millisecond precision. */
  captured_at: Time
  /** Picture object, JPEG or PNG by the ending of its name; null only on a last marker that carries no picture. */
  object_key: string | null
  /** Width of the stored picture after rotation, pixels. */
  width: number
  /** Height of the stored picture after rotation, pixels. */
  height: number
  /** Size of the picture object, bytes. */
  size_bytes: number
  /** Whether the coded frame was a keyframe. */
  keyframe: boolean
  /** Variance of the Laplacian of the luma at 320 pixels width; higher is sharper. */
  sharpness: number
  /** Mean luma, 0 (black) to 1 (white). */
  brightness: number
  /** Layout object that applies to this frame. */
  layout_key: string | null
  /** The frame before it in the same run or camera, the one that changes are measured against. */
  previous_frame_id: string | null
  /** Object of that frame. */
  previous_object_key: string | null
  /** What this run is asked to make. */
  make: (Open<'frames' | 'tables' | 'hazards'>)[]
  /** True on the last record of a run; folds then finish and forget the run. */
  last: boolean
}

/** One crop. */
export interface CropReadyCrop {
  /** Table. */
  table_id: string
  /** First byte in the object. */
  offset: number
  /** Bytes. */
  length: number
  /** Bounding box of the region, [x1, y1, x2, y2], relative to the picture, 0 to 1. */
  box: number[]
  /** Whether the region differs from the previous frame; null if there was none to compare. */
  changed: boolean | null
  /** Mean absolute luma difference to the previous frame, 0 to 1. */
  change: number | null
}

/** The table regions of one frame are cut: one object a frame, JPEGs back to back. */
export interface CropReady {
  /** Frame: `{run_id}-{index:09d}` or `{camera_id}-{captured_ms}`. */
  frame_id: string
  /** Site that owns the data. */
  site_id: string
  /** Camera. */
  camera_id: string | null
  /** Run (one pass of a video through the pipeline); null on the live lane. */
  run_id: string | null
  /** Video that the frame was cut from; null when live. */
  video_id: string | null
  /** Position in the run, from 0, in media order; null when live. */
  index: number | null
  /** Presentation time since the start of the video, milliseconds; null when live. */
  media_ms: number | null
  /** When the light was seen. RFC 3339, UTC, millisecond precision. */
  captured_at: Time
  /** JPEG object of the whole frame; null on a last marker without picture. */
  frame_key: string | null
  /** Object with all crops back to back; null if there are none. */
  crops_key: string | null
  /** Layout the regions come from. */
  layout_key: string | null
  /** Version of that layout. */
  layout_version: number | null
  /** Width of the frame, pixels. */
  width: number
  /** Height of the frame, pixels. */
  height: number
  /** One entry a table. */
  crops: CropReadyCrop[]
  /** What this run is asked to make. */
  make: (Open<'frames' | 'tables' | 'hazards'>)[]
  /** True on the last record of a run; folds then finish and forget the run. */
  last: boolean
}

/** Where the crop is. */
export interface TableEvidenceCrop {
  /** Object. */
  key: string
  /** First byte. */
  offset: number
  /** Bytes. */
  length: number
}

/** Model that concluded. */
export interface TableEvidenceModel {
  /** Model name. */
  name: string
  /** Model version or weights hash prefix. */
  version: string
}

/** Times that the fold uses for this run, from its manifest; null for the defaults. */
export interface TableEvidenceThresholds {
  /** Capture time of steady evidence before a table becomes occupied. */
  enter_ms: number
  /** ... before it becomes free. */
  leave_ms: number
  /** How long a single contrary verdict is ignored. */
  hold_ms: number
  /** How long a state stays valid without evidence. */
  ttl_ms: number
}

/** One thing that speaks for a table's state: a classifier's verdict, a camera's health, a signal, a tick of the clock, the end of a run. The fold reads nothing else. */
export interface TableEvidence {
  /** What speaks. */
  kind: Open<'verdict' | 'unavailable' | 'camera' | 'signal' | 'tick' | 'end'>
  /** Site that owns the data. */
  site_id: string | null
  /** Table; null on a tick, which concerns every table of its partition. */
  table_id: string | null
  /** Camera. */
  camera_id: string | null
  /** Run (one pass of a video through the pipeline); null on the live lane. */
  run_id: string | null
  /** Video that the run goes through; missing or null: live, or written before it was told. */
  video_id?: string | null
  /** Order is kept per (table, source): a camera, a run, or what sent the signal. */
  source_id: string
  /** Capture time; of a tick, the time it was sent. RFC 3339, UTC, millisecond precision. */
  captured_at: Time
  /** What was seen. */
  label: Open<'free' | 'seated' | 'occupied' | 'dirty' | 'reserved' | 'blocked' | 'unknown'> | null
  /** Confidence of the label. */
  confidence: number | null
  /** People given to this table. */
  people: number | null
  /** Things seen on it. */
  things: number | null
  /** Why, for unavailable, camera and signal. */
  reason: string | null
  /** Frame it was concluded from. */
  frame_id: string | null
  /** Object of the frame. */
  frame_key: string | null
  /** Where the crop is. */
  crop: TableEvidenceCrop | null
  /** Model that concluded. */
  model: TableEvidenceModel | null
  /** Layout version. */
  layout_version: number | null
  /** Times that the fold uses for this run, from its manifest; null for the defaults. */
  thresholds: TableEvidenceThresholds | null
  /** True on the last record of a run; folds then finish and forget the run. */
  last: boolean
}

/** Model that concluded. */
export interface TableStateEvidenceModel {
  /** Model name. */
  name: string
  /** Model version or weights hash prefix. */
  version: string
}

/** What it was concluded from. */
export interface TableStateEvidence {
  /** Event ids on table.evidence. */
  evidence_ids: string[]
  /** Frames. */
  frame_ids: string[]
  /** People at the table in the newest verdict. */
  people: number | null
  /** Model that concluded. */
  model: TableStateEvidenceModel | null
  /** Layout version. */
  layout_version: number | null
}

/** The state of one table. Written on a transition and at half of expires_at; past expires_at read it as unknown. */
export interface TableState {
  /** Table. */
  table_id: string
  /** Site that owns the data. */
  site_id: string
  /** Run (one pass of a video through the pipeline); null on the live lane. */
  run_id: string | null
  /** Video that the run goes through; missing or null: live, or written before it was told. */
  video_id?: string | null
  /** Cameras that it was concluded from. */
  camera_ids: string[]
  /** Rises with every record of the key; a reader ignores a lower one. */
  version: number
  /** The state. */
  state: Open<'free' | 'seated' | 'occupied' | 'dirty' | 'reserved' | 'blocked' | 'unknown'>
  /** The state before; null at first. */
  previous_state: Open<'free' | 'seated' | 'occupied' | 'dirty' | 'reserved' | 'blocked' | 'unknown'> | null
  /** 0 to 1. */
  confidence: number
  /** Capture time of the newest evidence behind it. RFC 3339, UTC, millisecond precision. */
  as_of: Time
  /** When the table entered this state, dated back to the first evidence of it. RFC 3339, UTC, millisecond precision. */
  since: Time
  /** Valid until; afterwards unknown. RFC 3339, UTC, millisecond precision. */
  expires_at: Time
  /** Why it was written. */
  reason: Open<'evidence' | 'refresh' | 'stale' | 'camera' | 'signal' | 'ended'>
  /** What it was concluded from. */
  evidence: TableStateEvidence
  /** True on the last record of a run; folds then finish and forget the run. */
  last: boolean
}

/** One suspicious area. */
export interface HazardCandidateObservation {
  /** What it looks like. */
  kind: Open<'spill' | 'obstacle'>
  /** Bounding box, [x1, y1, x2, y2], relative to the picture, 0 to 1. */
  box: number[]
  /** 0 to 1. */
  score: number
  /** Whether its chroma differs from the floor; grey areas are less certain. */
  coloured: boolean
  /** Share of the picture. */
  area: number
  /** How long it has been there, milliseconds of capture time. */
  stationary_ms: number
  /** Tables nearby, nearest first. */
  near_table_ids: string[]
}

/** Model that concluded. */
export interface HazardCandidateDetector {
  /** Model name. */
  name: string
  /** Model version or weights hash prefix. */
  version: string
}

/** What the detector sees on the floor in one frame. */
export interface HazardCandidate {
  /** Site that owns the data. */
  site_id: string
  /** Camera. */
  camera_id: string | null
  /** Run (one pass of a video through the pipeline); null on the live lane. */
  run_id: string | null
  /** Frame. */
  frame_id: string
  /** Object of the frame. */
  frame_key: string | null
  /** When the light was seen. RFC 3339, UTC, millisecond precision. */
  captured_at: Time
  /** Areas; empty when there is nothing (any more). */
  observations: HazardCandidateObservation[]
  /** Why nothing can be said about this frame (camera dark or moved); null when detection works. */
  suspended: string | null
  /** Model that concluded. */
  detector: HazardCandidateDetector
  /** True on the last record of a run; folds then finish and forget the run. */
  last: boolean
}

/** Model that concluded. */
export interface HazardAlertEvidenceDetector {
  /** Model name. */
  name: string
  /** Model version or weights hash prefix. */
  version: string
}

/** What it was concluded from. */
export interface HazardAlertEvidence {
  /** Frames. */
  frame_ids: string[]
  /** Object of the frame that shows it best. */
  frame_key: string | null
  /** Model that concluded. */
  detector: HazardAlertEvidenceDetector | null
}

/** One alert of what several frames see, through its life. */
export interface HazardAlert {
  /** Alert; `end-{run_id}` on the record that ends a run. */
  hazard_id: string
  /** Site that owns the data. */
  site_id: string
  /** Camera. */
  camera_id: string | null
  /** Run (one pass of a video through the pipeline); null on the live lane. */
  run_id: string | null
  /** Rises with every record of the key; a reader ignores a lower one. */
  version: number
  /** What it is; none on the record that ends a run. */
  kind: Open<'spill' | 'obstacle' | 'none'>
  /** Life cycle; `ended` marks the end of a run. */
  status: Open<'opened' | 'acknowledged' | 'cleared' | 'verified' | 'dismissed' | 'expired' | 'ended'>
  /** Coloured liquids are certain, grey ones less so. */
  severity: Open<'info' | 'warning' | 'critical'>
  /** 0 to 1. */
  confidence: number
  /** Where, [x1, y1, x2, y2], relative to the picture, 0 to 1. */
  box: number[] | null
  /** Tables nearby, nearest first. */
  near_table_ids: string[]
  /** Capture time of the first frame that showed it. RFC 3339, UTC, millisecond precision. */
  opened_at: Time
  /** Capture time of the newest evidence. RFC 3339, UTC, millisecond precision. */
  as_of: Time
  /** What it was concluded from. */
  evidence: HazardAlertEvidence
  /** Who acted, on an acknowledged, dismissed or cleared record. */
  actor: string | null
  /** What they said. */
  note: string | null
  /** True on the last record of a run; folds then finish and forget the run. */
  last: boolean
}

/** Where pictures come from. */
export interface CameraConfigSource {
  /** Kind of source. */
  type: Open<'none' | 'rtsp' | 'hls' | 'snapshot' | 'file'>
  /** Address without user name or password. */
  address: string | null
  /** Where the credentials are kept. */
  secret_ref: string | null
}

/** How a camera is set up. Compacted; read without a group from the start. */
export interface CameraConfig {
  /** Camera. */
  camera_id: string
  /** Site that owns the data. */
  site_id: string
  /** Rises with every record of the key. */
  version: number
  /** Name. */
  name: string
  /** Whether it should run. */
  enabled: boolean
  /** Where pictures come from. */
  source: CameraConfigSource
  /** One frame every so many milliseconds. */
  cadence_ms: number
  /** Live frames older than this are dropped and counted. */
  max_age_ms: number
  /** Layout in force. */
  layout_key: string | null
  /** Its version. */
  layout_version: number | null
  /** When it was changed. RFC 3339, UTC, millisecond precision. */
  updated_at: Time
}

/** How well a camera sees. */
export interface CameraStatus {
  /** Camera. */
  camera_id: string
  /** Site that owns the data. */
  site_id: string
  /** Rises with every record of the key; a reader ignores a lower one. */
  version: number
  /** Health. */
  status: Open<'verified' | 'live' | 'degraded' | 'frozen' | 'dark' | 'moved' | 'offline'>
  /** Why, for a person. */
  reason: string
  /** When this status began. RFC 3339, UTC, millisecond precision. */
  since: Time
  /** When it was last confirmed. RFC 3339, UTC, millisecond precision. */
  observed_at: Time
  /** Capture time of the last good frame. RFC 3339, UTC, millisecond precision. */
  last_frame_at: Time | null
  /** Last good snapshot. */
  snapshot_key: string | null
}

/** Cancel, delete or retry a video. */
export interface VideoCommand {
  /** Command. */
  command_id: string
  /** Video. */
  video_id: string
  /** Run. */
  run_id: string
  /** Site that owns the data. */
  site_id: string
  /** Camera. */
  camera_id: string | null
  /** What to do. */
  action: Open<'cancel' | 'delete' | 'retry'>
  /** Key that asked. */
  actor: string
  /** When. RFC 3339, UTC, millisecond precision. */
  requested_at: Time
}

/** What a person decided about an alert. */
export interface HazardCommand {
  /** Command. */
  command_id: string
  /** Alert. */
  hazard_id: string
  /** Site that owns the data. */
  site_id: string
  /** Run (one pass of a video through the pipeline); null on the live lane. */
  run_id: string | null
  /** What to do. */
  action: Open<'acknowledge' | 'clear' | 'verify' | 'dismiss'>
  /** Key that asked. */
  actor: string
  /** What they said. */
  note: string | null
  /** When. RFC 3339, UTC, millisecond precision. */
  requested_at: Time
}

/** What people or other systems say about a table. */
export interface TableSignal {
  /** Signal. */
  signal_id: string
  /** Site that owns the data. */
  site_id: string
  /** Run (one pass of a video through the pipeline); null on the live lane. */
  run_id: string | null
  /** Table. */
  table_id: string
  /** State that is claimed. */
  state: Open<'free' | 'seated' | 'occupied' | 'dirty' | 'reserved' | 'blocked' | 'unknown'>
  /** Who says so: staff, reservation, pos. */
  source: string
  /** Why. */
  reason: string | null
  /** Key or person. */
  actor: string | null
  /** When. RFC 3339, UTC, millisecond precision. */
  signalled_at: Time
  /** Until when it holds. RFC 3339, UTC, millisecond precision. */
  expires_at: Time | null
}

/** Tables that are used together. */
export interface TableGroup {
  /** Group. */
  group_id: string
  /** Site that owns the data. */
  site_id: string
  /** Run (one pass of a video through the pipeline); null on the live lane. */
  run_id: string | null
  /** Rises with every record of the group. */
  version: number
  /** Master table. */
  primary_table_id: string
  /** Members. */
  table_ids: string[]
  /** State of the group. */
  state: Open<'free' | 'seated' | 'occupied' | 'dirty' | 'reserved' | 'blocked' | 'unknown'>
  /** Seats in all. */
  capacity: number | null
  /** Merged or split. */
  status: Open<'merged' | 'split'>
  /** Why. */
  reason: string
  /** Capture time. RFC 3339, UTC, millisecond precision. */
  as_of: Time
}

/** Receipt: everything of a video is gone. */
export interface AssetDeleted {
  /** Video. */
  video_id: string
  /** Run. */
  run_id: string
  /** Site that owns the data. */
  site_id: string
  /** Objects deleted by the final sweep. */
  objects: number
  /** Object classes that were swept. */
  classes: string[]
  /** When deletion was asked for. RFC 3339, UTC, millisecond precision. */
  requested_at: Time
  /** When nothing was left. RFC 3339, UTC, millisecond precision. */
  deleted_at: Time
}

/** The event of each topic. */
export interface Events {
  'video.uploaded': VideoUploaded
  'video.rejected': VideoRejected
  'video.progress': VideoProgress
  'frame.extracted': FrameExtracted
  'crop.ready': CropReady
  'table.evidence': TableEvidence
  'table.state': TableState
  'hazard.candidate': HazardCandidate
  'hazard.alert': HazardAlert
  'camera.config': CameraConfig
  'camera.status': CameraStatus
  'video.command': VideoCommand
  'hazard.command': HazardCommand
  'table.signal': TableSignal
  'table.group': TableGroup
  'asset.deleted': AssetDeleted
}
