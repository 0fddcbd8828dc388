// One restaurant as it is at one moment: documents as the api answers them, always the same.
/** The time of the fixed site, ms. */
export const NOW = Date.parse('2026-11-23T19:30:00.000Z')
const MINUTE = 60_000

const before = (minutes) => new Date(NOW - minutes * MINUTE).toISOString()
const page = (items) => ({ items, next_cursor: null })

export const SITE = 'site_1'
/** The last one is being set up. */
export const [ROOM, TERRACE, NEW] = ['cam_1', 'cam_2', 'cam_3']
export const VIDEO = 'vid_1'
const RUN = 'run_1'
const [MAIN, OUTSIDE] = ['sec_1', 'sec_2']
const PICTURE = 'fixed/room.webp'
const SIZE = { width: 1280, height: 720 }
const MODEL = { name: 'yolox-nano', version: '0.6.2' }

export const session = { key_id: 'key_1', scopes: ['admin', 'asset', 'read', 'upload', 'write'], site_ids: null }

const site = { site_id: SITE, name: 'Trattoria', timezone: 'UTC', detector: null, opening_hours: null, version: 1, created_at: before(9000) }
const sections = [[MAIN, 'Dining room'], [OUTSIDE, 'Terrace']].map(([section_id, name]) => ({ section_id, site_id: SITE, name, created_at: before(9000) }))

const camera = (camera_id, number, name, section_id, more) => ({
  camera_id,
  site_id: SITE,
  number,
  name,
  section_id,
  notes: null,
  enabled: true,
  source: { type: 'rtsp', address: `rtsp://192.168.1.1${number}/stream1`, secret_ref: null, transport: null },
  capture: { state: 'captured', reason: null },
  state: 'live',
  cadence_ms: 1000,
  look_every_ms: 0,
  max_age_ms: 60_000,
  detector: null,
  opening_hours: null,
  version: 2,
  layout_version: 1,
  created_at: before(9000),
  updated_at: before(8000),
  ...more,
})
const cameras = [
  camera(ROOM, 1, 'Above the bar', MAIN, { notes: 'Looks from the bar to the door.' }),
  camera(TERRACE, 2, 'Terrace', OUTSIDE),
  camera(NEW, 3, 'Camera 3', null, { state: 'verified', layout_version: null }),
]

const health = (camera_id, status, reason, code, minutes) => ({
  camera_id,
  site_id: SITE,
  version: 1,
  status,
  reason,
  code,
  since: before(minutes),
  observed_at: before(minutes),
  last_frame_at: before(status === 'live' ? 0 : minutes),
  snapshot_key: status === 'live' ? PICTURE : null,
  layout_proposal: null,
  source_version: 1,
})
const statuses = [
  health(ROOM, 'live', 'Frames arrive on time.', null, 500),
  health(TERRACE, 'offline', 'The camera does not answer. Look at its power and its cable.', 'connection_failed', 12),
  { ...health(NEW, 'verified', 'Frames arrive on time.', null, 3), last_frame_at: before(0), snapshot_key: PICTURE },
]

/** By label: seats, where it is in the picture of its camera (left, top, right, bottom), its section. */
const PLACES = {
  1: [2, [0.025, 0.20833, 0.20938, 0.55972]],
  2: [2, [0.22031, 0.20833, 0.40469, 0.55972]],
  3: [2, [0.59531, 0.20833, 0.77969, 0.55972]],
  4: [2, [0.79063, 0.20833, 0.975, 0.55972]],
  5: [4, [0.03516, 0.49306, 0.31641, 0.975]],
  6: [4, [0.68359, 0.49306, 0.96484, 0.975]],
}
const outline = ([left, top, right, bottom]) => [[left, top], [right, top], [right, bottom], [left, bottom]]
const idOf = (label) => `tbl_${label}`
/** The table that is asked about. */
export const WHY = idOf(2)
const table = (label, seats, section_id, camera_id) => ({
  table_id: idOf(label),
  site_id: SITE,
  camera_id,
  camera_ids: [camera_id],
  section_id,
  label: String(label),
  seats,
  created_at: before(8000),
  retired_at: null,
})
const tables = [
  ...Object.entries(PLACES).map(([label, [seats]]) => table(label, seats, MAIN, ROOM)),
  table(11, 6, OUTSIDE, TERRACE),
  table(12, 6, OUTSIDE, TERRACE),
]

const state = (label, name, minutes, more = {}) => ({
  table_id: idOf(label),
  label: String(label),
  site_id: SITE,
  run_id: null,
  video_id: null,
  camera_ids: [ROOM],
  version: 9,
  state: name,
  previous_state: 'free',
  confidence: name === 'unknown' ? 0 : 0.96,
  as_of: before(0),
  since: before(minutes),
  expires_at: before(-10),
  reason: 'evidence',
  unknown_reason: null,
  evidence: { evidence_ids: ['ev_1'], frame_ids: [`${ROOM}-1`], people: name === 'occupied' ? 2 : 0, model: MODEL, layout_version: 1 },
  votes: [],
  last: false,
  expired: false,
  ...more,
})
const states = [
  state(1, 'dirty', 6, { previous_state: 'occupied' }),
  state(2, 'occupied', 34),
  state(3, 'free', 25),
  state(4, 'seated', 2),
  state(5, 'occupied', 71),
  state(6, 'occupied', 9),
  ...[11, 12].map((label) => state(label, 'unknown', 12, { unknown_reason: 'camera', camera_ids: [TERRACE], previous_state: 'free' })),
]

const layout = {
  layout_key: 'layouts/1.json',
  site_id: SITE,
  camera_id: ROOM,
  version: 1,
  created_at: before(8000),
  reference: SIZE,
  tables: Object.entries(PLACES).map(([label, [seats, box]]) => ({ table_id: idOf(label), label, seats, section_id: MAIN, polygon: outline(box), top: null })),
  floor: [[[0.42578, 0.45833], [0.57422, 0.45833], [0.66406, 0.99306], [0.33594, 0.99306]]],
  ignore: [],
}
const version = { version: 1, layout_key: 'layouts/1.json', created_at: before(8000), tables: 6, newest: true, author_key_id: 'key_1', author: 'Office', origin: 'drawn', restored_from: null, kept: 0, new: 6, retired: 0 }

const person = (label, box) => ({ label: 'person', score: 0.84, box, table_id: idOf(label), share: 1, second_table_id: null, doubtful: false, ignored: null })
/** As the recogniser saw them in the picture. */
const SEEN = [
  person(2, [0.299, 0.216, 0.404, 0.423]),
  person(2, [0.232, 0.215, 0.31, 0.425]),
  person(4, [0.84, 0.212, 0.924, 0.421]),
  person(5, [0.149, 0.502, 0.31, 0.786]),
  person(5, [0.059, 0.488, 0.174, 0.787]),
  person(6, [0.825, 0.5, 0.938, 0.785]),
  person(6, [0.694, 0.499, 0.851, 0.784]),
]
const judged = (label) => ({ table_id: idOf(label), label: String(label), verdict: 'occupied', confidence: 0.96, people: 1, things: 0, reason: null, reason_text: null })
const view = (url) => ({
  site_id: SITE,
  camera_id: ROOM,
  run_id: null,
  video_id: null,
  frame_id: `${ROOM}-1`,
  frame_key: PICTURE,
  captured_at: before(0),
  ...SIZE,
  layout_version: 1,
  model: MODEL,
  rule: 'share-0.7+distance',
  seen: SEEN,
  tables: Object.keys(PLACES).map((label) => ({ ...judged(label), state: null })),
  url,
})

const score = {
  camera_id: ROOM,
  as_of: before(1),
  total: 72,
  sentence: 'Good. Table tops are seen at a flat angle.',
  looks: 2400,
  parts: [
    { name: 'light', score: 96, sentence: 'Bright enough.' },
    { name: 'angle', score: 72, sentence: 'Table tops are seen at a flat angle: hang it higher.' },
  ],
}
const dayScores = [1, 2].map((days) => ({ ...score, day: before(days * 1440).slice(0, 10), made_at: before(days * 1440), total: 72 - days }))

const hazard = (number, status, minutes, more = {}) => ({
  hazard_id: `haz_${number}`,
  site_id: SITE,
  camera_id: ROOM,
  run_id: null,
  version: 2,
  kind: 'spill',
  status,
  severity: 'warning',
  confidence: 0.93,
  box: [0.44, 0.72, 0.56, 0.86],
  near_table_ids: [idOf(5)],
  near_table_labels: ['5'],
  opened_at: before(minutes),
  as_of: before(Math.max(0, minutes - 9)),
  evidence: { frame_ids: [`${ROOM}-1`], frame_key: PICTURE, detector: { name: 'floor-change', version: '1' } },
  actor: null,
  note: null,
  last: false,
  ...more,
})
const hazards = [
  hazard(1, 'opened', 4),
  hazard(2, 'verified', 190, { acknowledged_at: before(187), cleared_at: before(181) }),
  hazard(3, 'dismissed', 400, { actor: 'Office', note: 'A shadow of the door.' }),
]

const stages = (status) => ['upload', 'frames', 'tables', 'hazards'].map((name) => ({ name, status, progress: status === 'done' ? 100 : 0 }))
const video = (number, filename, status, minutes, more = {}) => ({
  video_id: `vid_${number}`,
  run_id: `run_${number}`,
  site_id: SITE,
  camera_id: ROOM,
  sampling: { mode: 'cadence', every_ms: 1000 },
  picture: { format: 'jpeg', quality: null, long_side: null },
  make: ['frames', 'tables', 'hazards'],
  filename,
  created_at: before(minutes),
  updated_at: before(minutes - 1),
  started_at: null,
  status,
  stage: status === 'processing' ? 'frames' : null,
  stages: stages(status === 'done' ? 'done' : 'pending'),
  progress: status === 'done' ? 100 : 40,
  stuck: false,
  eta_s: null,
  frames: { published: 12, expected: 12 },
  layout_version: 1,
  error: null,
  waiting: null,
  next: [],
  gaps: [],
  video: { duration_ms: 12_000, fps: 10, codec: 'h264', ...SIZE, rotation_degrees: 0, mirrored: false, transfer: 'sdr', size_bytes: 5_366_023, container: 'mp4', sha256: '0', video_track: 0, video_tracks: 1 },
  ...more,
})
const videos = [
  video(2, 'friday-evening.mp4', 'processing', 3, { frames: { published: 5, expected: 12 } }),
  video(1, 'lunch.mp4', 'done', 90),
  video(3, 'broken.avi', 'failed', 300, { error: { code: 'not_a_video', reason: 'The file is no video that can be read.' } }),
]

const RUN_START = NOW - 90 * MINUTE
const at = (second) => new Date(RUN_START + second * 1000).toISOString()
const frames = (url) =>
  Array.from({ length: 12 }, (_, index) => ({
    frame_id: `${RUN}-${index}`,
    index,
    media_ms: index * 1000,
    captured_at: at(index),
    ...SIZE,
    size_bytes: 67_904,
    keyframe: index === 0,
    sharpness: index === 4 ? 700 : 500,
    brightness: 0.56,
    url,
  }))
const inRun = (label, name, second, version) => ({
  ...state(label, name, 0),
  run_id: RUN,
  video_id: VIDEO,
  version,
  since: at(second),
  as_of: at(second),
  until: null,
  duration_ms: null,
})
const runStates = Object.keys(PLACES).flatMap((label, order) => [
  inRun(label, 'unknown', 0, 1),
  inRun(label, 'free', 2, 2),
  ...(order % 2 === 0 ? [inRun(label, 'occupied', 4 + order, 3)] : []),
])

const looks = (url) => [
  {
    ...judged(2),
    frame_id: `${ROOM}-1`,
    camera_id: ROOM,
    captured_at: before(0),
    layout_version: 1,
    model: MODEL,
    rule: 'share-0.7+distance',
    url,
    people: 2,
    seen: SEEN.slice(0, 2),
    why: '2 people (score 0.84, 100 % of the box in its zone).',
  },
]
/** By name of the state: from when on and until when, minutes ago. */
const transitions = [['occupied', 34, null], ['free', 52, 34], ['dirty', 60, 52]].map(([name, from, until], order) => ({
  ...state(2, name, from),
  version: 9 - order,
  until: until && before(until),
  duration_ms: until && (from - until) * MINUTE,
}))

const keys = [
  { key_id: 'key_1', prefix: '684bfe68', name: 'Office', scopes: session.scopes, site_ids: null, created_at: before(9000), expires_at: null, revoked_at: null, last_used_at: before(0) },
  { key_id: 'key_2', prefix: '2d4eee4e', name: 'Host stand', scopes: ['read'], site_ids: [SITE], created_at: before(4000), expires_at: null, revoked_at: null, last_used_at: before(30) },
]

const parts = ['ingest', 'extractor', 'cropper', 'classifier-gateway', 'hazard', 'api', 'broker', 'database', 'store']
const systemHealth = { version: '0.1.0', as_of: before(0), parts: parts.map((part) => ({ part, state: 'well', purpose: '' })) }

/** The tables on the plan, in squares of its grid. */
const places = [[1, 0, 0], [2, 1, 0], [3, 3, 0], [4, 4, 0], [5, 0, 2], [6, 4, 2]].map(([label, x, y]) => ({ table_id: idOf(label), x, y }))

export const snapshot = {
  site_id: SITE,
  seq: 1,
  as_of: before(0),
  left_out: { videos: 0, states: 0, hazards: 0, cameras: 0, probes: 0, groups: 0 },
  holds: { videos: 3, states: 8, hazards: 3, cameras: 3, probes: 0, groups: 0 },
  videos,
  states: [...states, ...runStates.filter((each) => each.version === 3)],
  hazards: hazards.slice(0, 1),
  cameras: statuses,
  probes: [],
  groups: [],
  reason: 'connected',
}

/** Addresses of what does not exist yet, which is no mistake. */
export const MISSING = new Set([`/cameras/${NEW}/layout`, `/cameras/${NEW}/view`])

/** What is answered at an address below `/v1`; null: nothing is. `url`: of the picture. */
export function answer(path, query, url) {
  const list = LISTS(url)[path]
  if (list !== undefined) return list
  if (path === '/states/history') return page(query.get('run_id') ? [...runStates].reverse() : transitions)
  return null
}

const LISTS = (url) => ({
  '/session': session,
  '/health': systemHealth,
  '/sites': page([site]),
  [`/sites/${SITE}`]: site,
  [`/sites/${SITE}/sections`]: page(sections),
  [`/sites/${SITE}/plan`]: { site_id: SITE, version: 1, places },
  '/cameras': page(cameras),
  [`/cameras/${ROOM}`]: { ...cameras[0], status: statuses[0] },
  [`/cameras/${ROOM}/view`]: view(url),
  [`/cameras/${ROOM}/score`]: score,
  [`/cameras/${ROOM}/scores`]: page(dayScores),
  [`/cameras/${ROOM}/layout`]: layout,
  [`/cameras/${ROOM}/layouts`]: page([version]),
  [`/cameras/${ROOM}/layouts/1`]: layout,
  [`/cameras/${ROOM}/layout/hints`]: { camera_id: ROOM, version: 1, hints: [] },
  '/tables': page(tables),
  [`/tables/${WHY}/why`]: { table_id: WHY, state: states[1], looks: looks(url) },
  '/videos': page(videos),
  [`/videos/${VIDEO}/job`]: videos[1],
  [`/videos/${VIDEO}/frames`]: page(frames(url)),
  '/hazards': page(hazards.map((each) => ({ ...each, picture_url: url }))),
  ...Object.fromEntries(hazards.map((each) => [`/hazards/${each.hazard_id}`, { ...each, picture_url: url }])),
  '/keys': page(keys),
  '/links': { url, expires_at: before(-60) },
})
