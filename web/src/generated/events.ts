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
  /** Container format by content, e.g. mp4, matroska, mpegts, mpegps, avi. */
  container: string
  /** Video codec, e.g. h264. */
  codec: string
  /** Displayed width before rotation, pixels. */
  width: number
  /** Displayed height before rotation, pixels. */
  height: number
  /** Clockwise rotation to apply for display: 0, 90, 180 or 270. */
  rotation_degrees: number
  /** Whether the picture has to be mirrored left to right for display, before it is rotated; missing: no. */
  mirrored?: boolean
  /** How the file codes light: sdr, or HDR as hlg (hybrid log-gamma) or pq (perceptual quantiser). Stored pictures are SDR BT.709 whatever it is. Missing or null: not known. */
  transfer?: Open<'sdr' | 'hlg' | 'pq'> | null
  /** Duration, milliseconds, as the headers of the file (of its first recording) declare it; null if they do not. What was read of it is media_ms_total of video.progress. */
  duration_ms: number | null
  /** Average frames a second; null if unknown. */
  fps: number | null
  /** Which of the file's video tracks is taken, counted from 0 with covers (FFmpeg's v:N); missing or null: not known. */
  video_track?: number | null
  /** How many video tracks the file has, with covers; missing or null: not known. */
  video_tracks?: number | null
  /** When the recording started, from the uploader or the container; null if unknown. RFC 3339, UTC, millisecond precision. */
  started_at: Time | null
  /** Layout object that applies; null without a camera. */
  layout_key: string | null
  /** Which frames are taken from the video. */
  sampling: VideoUploadedSampling
  /** How the pictures of the frames are stored; missing or null: JPEG of the extractor's usual quality, in full size. */
  picture?: VideoUploadedPicture | null
  /** What this run makes. */
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
  /** Whether sending the same file once more can succeed. */
  retryable: boolean
  /** Bytes received, if known. */
  size_bytes: number | null
  /** When it was refused. RFC 3339, UTC, millisecond precision. */
  rejected_at: Time
}

/** An attempt to send a file found no room. The upload stays open: a later attempt may be taken. */
export interface UploadRefused {
  /** Video. */
  video_id: string
  /** Site that owns the data. */
  site_id: string
  /** Run that begins when the file is stored. */
  run_id: string
  /** Stable refusal code, listed in docs/errors-and-retries.md. */
  code: string
  /** A sentence for a person, with what is left and what to do. */
  reason: string
  /** When it was refused. RFC 3339, UTC, millisecond precision. */
  refused_at: Time
}

/** Why it failed. */
export interface VideoProgressError {
  /** Stable machine-readable code, listed in docs/errors-and-retries.md. */
  code: string
  /** A sentence for a person, saying what to do. */
  reason: string
  /** Whether an unchanged retry can succeed. */
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
  /** Of unread_bytes: how many bytes of the file; else null or absent. */
  bytes?: number | null
}

/** Still pictures of the run, where made. */
export interface VideoProgressThumbnails {
  /** Object of the first frame's thumbnail. */
  first: string | null
  /** Object of the best frame's thumbnail. */
  best: string | null
}

/** What the run takes of the storage quota of its site, bytes; null or absent: not known. */
export interface VideoProgressStorage {
  /** Frames that are stored. */
  frames_bytes: number
  /** Crops that are stored, as far as they are counted. */
  crops_bytes: number
  /** Set aside for what is still to be stored. */
  reserved_bytes: number
}

/** Why the run makes no progress now though nothing is wrong with it; null or absent: it does not wait. */
export interface VideoProgressWaiting {
  /** Stable machine-readable code, listed in docs/errors-and-retries.md. */
  code: string
  /** A sentence for a person, saying what it waits for. */
  reason: string
}

/** How far the extraction of a run is. Written on every relevant change, at most about once a second. */
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
  /** Duration, milliseconds; null if not known. From the headers of the file until it has been read (stage plan), then what was read: all recordings of a file that were put together, less what was cut off. */
  media_ms_total: number | null
  /** Progress by media time. */
  percent: number
  /** Why it failed. */
  error: VideoProgressError | null
  /** Stretches of media time that could not be read. */
  gaps: VideoProgressGap[]
  /** Still pictures of the run, where made. */
  thumbnails: VideoProgressThumbnails
  /** What the run takes of the storage quota of its site, bytes; null or absent: not known. */
  storage?: VideoProgressStorage | null
  /** Why the run makes no progress now though nothing is wrong with it; null or absent: it does not wait. */
  waiting?: VideoProgressWaiting | null
  /** When this was true. RFC 3339, UTC, millisecond precision. */
  updated_at: Time
}

/** One frame is stored. Frames of a run come in media order; the last one has `last` set. */
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
  /** Whose clock `captured_at` is, of a live frame: the camera's own, that of an HLS playlist, or ours when the picture came; null or absent of a run. */
  captured_at_source?: Open<'camera' | 'playlist' | 'receipt'> | null
  /** Bound of the error of `captured_at` that 99 of 100 live frames keep, milliseconds; of `receipt` beyond the line's least delay. Null or absent of a run. */
  captured_at_error_ms?: number | null
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
  /** What this run makes. */
  make: (Open<'frames' | 'tables' | 'hazards'>)[]
  /** True on the last record of a run; folds then finish and forget the run. */
  last: boolean
}

/** Frames dropped for one reason. */
export interface FrameDroppedReason {
  /** slow: a newer frame came before it was stored; late: older than the camera's max_age_ms; store_full, store_failed: the object store did not take it; lease_lost: another process may have had the camera; refused: the broker did not take the event. Others may be added. */
  reason: string
  /** Frames dropped for it in that hour so far. */
  frames: number
}

/** Frames that were taken of a live camera and not published, by hour and reason. Counts of an hour grow; the highest of each reason is right. */
export interface FrameDropped {
  /** Camera. */
  camera_id: string
  /** Site that owns the data. */
  site_id: string
  /** Beginning of the hour in which they were dropped. RFC 3339, UTC, millisecond precision. */
  hour: Time
  /** Frames dropped in that hour so far, over all reasons. */
  frames: number
  /** The same by reason. */
  reasons: FrameDroppedReason[]
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
  /** Whether the region differs from the previous frame, or from the last one that was cut; null if there was none to compare. */
  changed: boolean | null
  /** Mean absolute luma difference to the previous frame, 0 to 1. */
  change: number | null
}

/** The table regions of one frame are cut: one object, JPEGs back to back. */
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
  /** Object with all crops back to back; null if there are none. Where no table changed it is that of an earlier frame of the same camera or run, up to a minute or, in a run, sixty frames older. */
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
  /** What this run makes. */
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

/** One piece of evidence for a table's state: a classifier's verdict, a camera's health, a signal, a tick of the clock, the end of a run. The fold reads nothing else. */
export interface TableEvidence {
  /** Kind of evidence; name: the table has a name in a newer layout of its camera; gated: nothing changed at any table of the frame since its last look, so that nobody looked again. */
  kind: Open<'verdict' | 'unavailable' | 'camera' | 'signal' | 'tick' | 'end' | 'name' | 'gated'>
  /** Site that owns the data. */
  site_id: string | null
  /** Table; null on a tick, which concerns every table of its partition. */
  table_id: string | null
  /** What people call the table in layout_version; missing or null: not known, or older than this field. */
  table_label?: string | null
  /** Camera. */
  camera_id: string | null
  /** Run (one pass of a video through the pipeline); null on the live lane. */
  run_id: string | null
  /** Video that the run goes through; missing or null: live, or older than this field. */
  video_id?: string | null
  /** Order is per (table, source): a camera, a run, or what sent the signal. */
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
  /** Object with all that the classifier saw in the frame and what it made of it (tablewatch_schemas.judgement), stored before this record. Missing or null: the frame was not judged, or older than this field. */
  judgement_key?: string | null
  /** Layout version. */
  layout_version: number | null
  /** When that layout was drawn; of several that name a table, the newest holds. Missing or null: not known, or older than this field. RFC 3339, UTC, millisecond precision. */
  layout_created_at?: Time | null
  /** Size of the table's zone (its bounding box) in the picture, pixels: what this camera's vote weighs by. Missing or null: not known, or older than this field. */
  zone_pixels?: number | null
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

/** One camera's vote. */
export interface TableStateVote {
  /** Camera; the run, of a video without a camera. */
  camera_id: string
  /** What it saw; unknown: the look was doubtful. */
  label: Open<'free' | 'seated' | 'occupied' | 'dirty' | 'reserved' | 'blocked' | 'unknown'>
  /** Why the look was doubtful, a code of unknown_reason; else null. */
  reason: string | null
  /** Confidence of the label. */
  confidence: number
  /** Capture time of the look. RFC 3339, UTC, millisecond precision. */
  as_of: Time
  /** Size of the table's zone in its picture, pixels; null: not known. */
  zone_pixels: number | null
  /** Share of its looks that were doubtful, of the last 50. */
  doubt: number
  /** Its share of all votes that counted; 0 when it did not. */
  weight: number
  /** Why it did not count: its camera is not well, it looked too long ago, or another camera has seen the table change since; null: it counted. */
  excluded: Open<'blind' | 'stale' | 'older'> | null
}

/** The state of one table. Written on a transition and at half of expires_at; past expires_at read it as unknown. */
export interface TableState {
  /** Table. */
  table_id: string
  /** What people call the table, from the layout, e.g. Table 7; missing or null: not known, or older than this field. */
  label?: string | null
  /** Site that owns the data. */
  site_id: string
  /** Run (one pass of a video through the pipeline); null on the live lane. */
  run_id: string | null
  /** Video that the run goes through; missing or null: live, or older than this field. */
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
  /** Why it was written; a code of unknown_reason when doubt made the table unknown. */
  reason: Open<'evidence' | 'refresh' | 'stale' | 'camera' | 'signal' | 'ended' | 'person_between_tables' | 'person_outside_zone' | 'faint_person' | 'zone_too_small' | 'doubtful' | 'cameras_disagree'>
  /** Why the state is unknown, also in records that only refresh it; null while it is known, missing: older than this field. */
  unknown_reason?: Open<'person_between_tables' | 'person_outside_zone' | 'faint_person' | 'zone_too_small' | 'doubtful' | 'cameras_disagree' | 'stale' | 'camera' | 'camera_frozen' | 'camera_dark' | 'camera_moved' | 'camera_blocked' | 'camera_paused' | 'signal' | 'no_evidence'> | null
  /** What it was concluded from. */
  evidence: TableStateEvidence
  /** What each camera of the table said in its newest look, by camera; missing or null: older than this field. */
  votes?: TableStateVote[] | null
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
  /** What people call the tables of near_table_ids, in the same order, from the layout, e.g. Table 7; missing or null: older than this field. */
  near_table_labels?: string[] | null
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
  /** Why nothing can be observed, for a program; null when detection works. Of the camera: camera_frozen, camera_dark, camera_moved, camera_blocked, camera_offline, camera_paused. Of the frame: warming_up (too few frames yet to know the floor), no_floor (none is drawn), no_picture, picture_gone, not_a_picture. Of no frame: run_cancelled, run_deleted, tick. Others may be added. */
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
  /** What people call the tables of near_table_ids, in the same order, from the layout, e.g. Table 7; missing or null: older than this field. */
  near_table_labels?: string[] | null
  /** Capture time of the first frame that showed it. RFC 3339, UTC, millisecond precision. */
  opened_at: Time
  /** When somebody said that they see to it: by their clock; of a run the capture time of the newest evidence. Null while nobody has, and again after it was opened anew; missing or null: older than this field. RFC 3339, UTC, millisecond precision. */
  acknowledged_at?: Time | null
  /** When it was gone: as a person said, or the capture time of the first frame without it, which may lie before acknowledged_at. Null while it is there, and again after it was opened anew; missing or null: older than this field. RFC 3339, UTC, millisecond precision. */
  cleared_at?: Time | null
  /** Capture time of the newest evidence. RFC 3339, UTC, millisecond precision. */
  as_of: Time
  /** What it was concluded from. */
  evidence: HazardAlertEvidence
  /** Who acted, on an acknowledged, dismissed or cleared record. */
  actor: string | null
  /** The note of the person. */
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
  /** Object that holds the credentials. */
  secret_ref: string | null
  /** Of rtsp: how the camera sends its pictures; null: over TCP. */
  transport?: Open<'tcp' | 'udp'> | null
}

/** When pictures are taken of the camera, every week by the clock of its site; outside of them capture rests and the camera is paused. Null: those of its site hold. */
export interface CameraConfigOpeningHours {
  /** Time zone of the site, by its name in the IANA list. */
  timezone: string
  /** Intervals of Monday, in their order: 11:00-14:30. One that ends at or before its beginning ends on the next day; 24:00 is the end of the day. */
  monday: string[]
  /** Intervals of Tuesday, in their order: 11:00-14:30. One that ends at or before its beginning ends on the next day; 24:00 is the end of the day. */
  tuesday: string[]
  /** Intervals of Wednesday, in their order: 11:00-14:30. One that ends at or before its beginning ends on the next day; 24:00 is the end of the day. */
  wednesday: string[]
  /** Intervals of Thursday, in their order: 11:00-14:30. One that ends at or before its beginning ends on the next day; 24:00 is the end of the day. */
  thursday: string[]
  /** Intervals of Friday, in their order: 11:00-14:30. One that ends at or before its beginning ends on the next day; 24:00 is the end of the day. */
  friday: string[]
  /** Intervals of Saturday, in their order: 11:00-14:30. One that ends at or before its beginning ends on the next day; 24:00 is the end of the day. */
  saturday: string[]
  /** Intervals of Sunday, in their order: 11:00-14:30. One that ends at or before its beginning ends on the next day; 24:00 is the end of the day. */
  sunday: string[]
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
  /** While nothing changes at its tables a classifier looks at one frame in so many milliseconds, and the others are gated; null or 0: it looks at every frame. */
  look_every_ms?: number | null
  /** Live frames older than this are dropped and counted. */
  max_age_ms: number
  /** Layout in force. */
  layout_key: string | null
  /** Its version. */
  layout_version: number | null
  /** Name of the detector that looks at the frames of the camera; null: none is chosen for it. */
  detector?: string | null
  /** When pictures are taken of the camera, every week by the clock of its site; outside of them capture rests and the camera is paused. Null: those of its site hold. */
  opening_hours?: CameraConfigOpeningHours | null
  /** Version of this record at which its source was given or changed, or it was switched on or off, last: a camera.status of an earlier one is of another source, or of another time. Null: by an older version. */
  source_version?: number | null
  /** When it was changed. RFC 3339, UTC, millisecond precision. */
  updated_at: Time
}

/** When pictures are taken of the cameras of the site that have no hours of their own, every week by its clock; outside of them capture rests. Null: always. */
export interface SiteConfigOpeningHours {
  /** Time zone of the site, by its name in the IANA list. */
  timezone: string
  /** Intervals of Monday, in their order: 11:00-14:30. One that ends at or before its beginning ends on the next day; 24:00 is the end of the day. */
  monday: string[]
  /** Intervals of Tuesday, in their order: 11:00-14:30. One that ends at or before its beginning ends on the next day; 24:00 is the end of the day. */
  tuesday: string[]
  /** Intervals of Wednesday, in their order: 11:00-14:30. One that ends at or before its beginning ends on the next day; 24:00 is the end of the day. */
  wednesday: string[]
  /** Intervals of Thursday, in their order: 11:00-14:30. One that ends at or before its beginning ends on the next day; 24:00 is the end of the day. */
  thursday: string[]
  /** Intervals of Friday, in their order: 11:00-14:30. One that ends at or before its beginning ends on the next day; 24:00 is the end of the day. */
  friday: string[]
  /** Intervals of Saturday, in their order: 11:00-14:30. One that ends at or before its beginning ends on the next day; 24:00 is the end of the day. */
  saturday: string[]
  /** Intervals of Sunday, in their order: 11:00-14:30. One that ends at or before its beginning ends on the next day; 24:00 is the end of the day. */
  sunday: string[]
}

/** What a site may store, which detector it uses, and when it is open. Compacted: the newest record of a site holds. */
export interface SiteConfig {
  /** Site that owns the data. */
  site_id: string
  /** Rises with every record of the key. */
  version: number
  /** Most bytes of original videos that the site may store; null: the default of the installation. */
  original_bytes: number | null
  /** Most bytes of frames and crops together; null: the default of the installation. */
  picture_bytes: number | null
  /** Name of the detector that looks at the frames of the site; null: none is chosen for it. */
  detector?: string | null
  /** When pictures are taken of the cameras of the site that have no hours of their own, every week by its clock; outside of them capture rests. Null: always. */
  opening_hours?: SiteConfigOpeningHours | null
  /** When it was changed. RFC 3339, UTC, millisecond precision. */
  updated_at: Time
}

/** Of a camera that was moved: where its tables are now, as far as two of its pictures show it, or why that cannot be said. It stays until the camera is well again, its layout is drawn anew or its source is another; a new one has another id. Null: there is none. */
export interface CameraStatusLayoutProposal {
  /** Proposal. */
  proposal_id: string
  /** When it was made. RFC 3339, UTC, millisecond precision. */
  made_at: Time
  /** Version of the layout whose tables were carried over. */
  layout_version: number
  /** Why no layout is proposed, for a program: not_recognised, changed_too_much, not_moved, tables_out_of_view; others may be added. Null: one is. */
  code: string | null
  /** What is proposed, or why nothing is, for a person. */
  reason: string
  /** Object of the proposed layout: a layout as it was, with its tables, floor and ignore areas where they are now; null where none is proposed. */
  layout_key: string | null
  /** Tables that are mostly out of the picture now, and not in the proposed layout. */
  lost_table_ids: string[]
  /** Homography by which positions were carried over, row by row, from the earlier picture to the later one; positions relative to the picture, 0 to 1, y down. Null where none is proposed. */
  transform: number[] | null
  /** Object of the earlier picture: the last good snapshot, as it was when the camera was moved. */
  before_key: string
  /** Object of the later picture, in which the tables were looked for. */
  after_key: string
}

/** How well a camera sees. */
export interface CameraStatus {
  /** Camera. */
  camera_id: string
  /** Site that owns the data. */
  site_id: string
  /** Rises with every record of the key; a reader ignores a lower one. */
  version: number
  /** Health. Tables of a camera that is frozen, dark, moved, blocked, offline or paused are unknown, unless another camera sees them. */
  status: Open<'verified' | 'live' | 'degraded' | 'frozen' | 'dark' | 'moved' | 'blocked' | 'offline' | 'paused'>
  /** Why, for a person. */
  reason: string
  /** Why, for a program: frozen has same_picture, no_packets, few_pictures, sound_only; dark, moved and blocked have themselves; degraded has few_packets, not_stored; paused has by_hand, outside_opening_hours; offline has why the camera cannot be read, or removed: it was deleted, and a tombstone follows. Null: live, nothing known, or older than this field. Others may be added. */
  code?: string | null
  /** When this status began. RFC 3339, UTC, millisecond precision. */
  since: Time
  /** When it was last confirmed. RFC 3339, UTC, millisecond precision. */
  observed_at: Time
  /** Capture time of the last good frame. RFC 3339, UTC, millisecond precision. */
  last_frame_at: Time | null
  /** Object of the last good snapshot: what the camera is compared with; null while there is none of its address and layout. */
  snapshot_key: string | null
  /** Of a camera that was moved: where its tables are now, as far as two of its pictures show it, or why that cannot be said. It stays until the camera is well again, its layout is drawn anew or its source is another; a new one has another id. Null: there is none. */
  layout_proposal?: CameraStatusLayoutProposal | null
  /** As camera.config had it when this was seen: of which source it is. Null: of none that is read, or by an older version. */
  source_version?: number | null
}

/** What to open; null for an action that opens no single camera. */
export interface CameraCommandSource {
  /** Kind of source. */
  type: Open<'rtsp' | 'hls' | 'snapshot' | 'file'>
  /** Address without user name or password. */
  address: string
  /** Object with the credentials, sealed for this probe and address; it is deleted with the answer. */
  secret_ref: string | null
  /** Of rtsp: how the camera is to send its pictures; null: over TCP. */
  transport?: Open<'tcp' | 'udp'> | null
}

/** Open a camera that is not registered, or look for cameras on the network, and say what comes of it; the answer is on camera.probe. */
export interface CameraCommand {
  /** Probe, or discovery. */
  probe_id: string
  /** Site that owns the data. */
  site_id: string
  /** What to do: probe opens `source`, discover looks for cameras on the networks of the extractor. */
  action: Open<'probe' | 'discover'>
  /** What to open; null for an action that opens no single camera. */
  source: CameraCommandSource | null
  /** Of discover: object with the user name and password that cameras are asked with, sealed for this discovery; it is deleted with the answer. */
  secret_ref?: string | null
  /** Key of the request. */
  actor: string
  /** When. RFC 3339, UTC, millisecond precision. */
  requested_at: Time
  /** Until when there has to be an answer; later nobody waits for it. RFC 3339, UTC, millisecond precision. */
  expires_at: Time
}

/** Why it failed; null where it did not. */
export interface CameraProbeError {
  /** For a program. */
  code: string
  /** What is wrong and what to do, for a person. */
  reason: string
}

/** Whether the camera's own clock can say when a picture was taken. */
export interface CameraProbeFoundClock {
  /** False: times are those of receipt. */
  usable: boolean
  /** Why not, for a program: no_report, unconfirmed, stepped, ahead, behind, no_clock. Others may be added. */
  code: string | null
  /** Why not and what to do, for a person. */
  reason: string | null
}

/** Of probe: what the camera sends; null where it could not be read. */
export interface CameraProbeFound {
  /** How it was read: over tcp or udp (RTSP), tls (RTSPS), http, https, or as a file. */
  transport: Open<'tcp' | 'udp' | 'tls' | 'http' | 'https' | 'file'>
  /** Of the pictures, as FFmpeg names it: h264, hevc, mjpeg, png. */
  codec: string | null
  /** Of a picture, pixels, upright. */
  width: number
  /** Of a picture, pixels, upright. */
  height: number
  /** Pictures a second; null of single pictures, and where too few came. */
  frames_per_s: number | null
  /** Most pictures from a keyframe to the next; null of single pictures, and where no second keyframe came. */
  gop_frames: number | null
  /** Longest time from a keyframe to the next, milliseconds; null as gop_frames. */
  gop_ms: number | null
  /** Of the pictures; null as frames_per_s. */
  bits_per_s: number | null
  /** From opening the camera to its first decoded picture, milliseconds. */
  first_frame_ms: number
  /** For how long pictures were watched after the first, milliseconds. */
  watched_ms: number
  /** Whether it sends sound too, which is not used; null: not known. */
  sound: boolean | null
  /** Of the sound, as FFmpeg names it. */
  sound_codec: string | null
  /** Whether the camera's own clock can say when a picture was taken. */
  clock: CameraProbeFoundClock
}

/** Why there is no stream address; null where there is one. */
export interface CameraProbeDeviceProfileError {
  /** For a program. */
  code: string
  /** What is wrong and what to do, for a person. */
  reason: string
}

/** A stream that a device offers. */
export interface CameraProbeDeviceProfile {
  /** As the device calls it. */
  name: string
  /** Of the pictures, as FFmpeg names it: h264, hevc, mjpeg; null: not known. */
  codec: string | null
  /** Of a picture, pixels; null: not known. */
  width: number | null
  /** Of a picture, pixels; null: not known. */
  height: number | null
  /** Pictures a second at most; null: not known. */
  frames_per_s: number | null
  /** Address of the stream without user name or password, to probe or to register; null: error says why. */
  stream_address: string | null
  /** Address of single pictures, the same way; null: there is none, or it is not one that may be used. */
  snapshot_address: string | null
  /** Why there is no stream address; null where there is one. */
  error: CameraProbeDeviceProfileError | null
}

/** Why its streams are not known; null where they are. */
export interface CameraProbeDeviceError {
  /** For a program. */
  code: string
  /** What is wrong and what to do, for a person. */
  reason: string
}

/** A device that answered. */
export interface CameraProbeDevice {
  /** Endpoint reference: its own name for itself, which stays; null: it named none. */
  endpoint: string | null
  /** As its owner called it. */
  name: string | null
  /** Manufacturer. */
  maker: string | null
  /** Model, or hardware. */
  model: string | null
  /** IP addresses that it answered from. */
  addresses: string[]
  /** Where its device service is; null: it named no address that may be asked. */
  service_address: string | null
  /** Whether it names its streams only to whom it knows; null: not known. */
  needs_password: boolean | null
  /** Its streams, as far as they could be read. */
  profiles: CameraProbeDeviceProfile[]
  /** Why its streams are not known; null where they are. */
  error: CameraProbeDeviceError | null
}

/** What came of a camera.command: what a camera sends, which cameras there are, or why that is not known. One record for each. */
export interface CameraProbe {
  /** Probe, or discovery. */
  probe_id: string
  /** Site that owns the data. */
  site_id: string
  /** 1: there is one answer. A reader ignores a lower one than it has, and the same again. */
  version: number
  /** What was asked for. */
  action: Open<'probe' | 'discover'>
  /** done: what was asked for was found; failed: error says why not. */
  status: Open<'done' | 'failed'>
  /** When it was asked for. RFC 3339, UTC, millisecond precision. */
  requested_at: Time
  /** When it was answered. RFC 3339, UTC, millisecond precision. */
  answered_at: Time
  /** Why it failed; null where it did not. */
  error: CameraProbeError | null
  /** Of probe: what the camera sends; null where it could not be read. */
  found: CameraProbeFound | null
  /** Of probe: object of a picture of the camera, deleted an hour later; null where there is none. */
  snapshot_key: string | null
  /** Of discover: the cameras, and the devices that may be some, by address. */
  devices?: CameraProbeDevice[] | null
  /** Of discover: network interfaces that were asked through. */
  interfaces?: string[] | null
  /** Of discover: devices that answered and are no cameras, such as printers. */
  others?: number | null
  /** Of discover: devices that answered and are not in the list, as it is full. */
  left_out?: number | null
}

/** Look at a stored picture of a camera. `look`: apart from its tables, as nobody may have drawn any yet; what is seen in it is stored as its judgement. `dry_run`: at the tables of a layout, which may be none of the camera's; what comes of it is stored with the dry run. Neither makes evidence. */
export interface FrameCommand {
  /** Frame: `{camera_id}-{captured_ms}`. */
  frame_id: string
  /** Site that owns the data. */
  site_id: string
  /** Camera. */
  camera_id: string
  /** What to do: look finds people and furniture in the picture, unless it was judged already; dry_run judges tables, for nobody but who asked. */
  action: Open<'look' | 'dry_run'>
  /** Picture object, JPEG. */
  object_key: string
  /** Of `dry_run`: the dry run that the picture is looked at for; null of a look. */
  dry_run_id?: string | null
  /** Of `dry_run`: the layout object with its tables; null of a look. */
  layout_key?: string | null
  /** When the light was seen. RFC 3339, UTC, millisecond precision. */
  captured_at: Time
  /** Key of the request. */
  actor: string
  /** When. RFC 3339, UTC, millisecond precision. */
  requested_at: Time
  /** Until when somebody waits for it; later it is not looked at. RFC 3339, UTC, millisecond precision. */
  expires_at: Time
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
  /** Key of the request. */
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
  /** Key of the request. */
  actor: string
  /** The note of the person. */
  note: string | null
  /** When. RFC 3339, UTC, millisecond precision. */
  requested_at: Time
}

/** A state of a table that people or other systems report. */
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
  /** Who reports it: staff, reservation, pos. */
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
  /** When deletion was requested. RFC 3339, UTC, millisecond precision. */
  requested_at: Time
  /** When nothing was left. RFC 3339, UTC, millisecond precision. */
  deleted_at: Time
}

/** The event of each topic. */
export interface Events {
  'video.uploaded': VideoUploaded
  'video.rejected': VideoRejected
  'upload.refused': UploadRefused
  'video.progress': VideoProgress
  'frame.extracted': FrameExtracted
  'frame.dropped': FrameDropped
  'crop.ready': CropReady
  'table.evidence': TableEvidence
  'table.state': TableState
  'hazard.candidate': HazardCandidate
  'hazard.alert': HazardAlert
  'camera.config': CameraConfig
  'site.config': SiteConfig
  'camera.status': CameraStatus
  'camera.command': CameraCommand
  'camera.probe': CameraProbe
  'frame.command': FrameCommand
  'video.command': VideoCommand
  'hazard.command': HazardCommand
  'table.signal': TableSignal
  'table.group': TableGroup
  'asset.deleted': AssetDeleted
}

/** Topics of the event stream; the end of a key is `<topic>.deleted`. */
export const STREAMED = [
  'table.state',
  'hazard.alert',
  'camera.status',
  'camera.probe',
  'table.group',
] as const
