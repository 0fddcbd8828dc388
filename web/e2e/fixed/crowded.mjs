// The fixed restaurant with many tables and videos.
import { answer, NOW, ROOM, SITE, snapshot } from './documents.mjs'

export const TABLES = 60
export const VIDEOS = 200
const COLUMNS = 10
const STATES = ['free', 'occupied', 'dirty', 'seated', 'unknown']

const numbers = (count) => Array.from({ length: count }, (_, index) => index + 1)
const listed = (path) => answer(path, new URLSearchParams(), '').items
const [table] = listed('/tables')
const [record] = snapshot.states
const [job] = listed('/videos')

export const idOf = (number) => `tbl_${number}`
const tables = numbers(TABLES).map((number) => ({ ...table, table_id: idOf(number), label: String(number), seats: 2 + (number % 4) * 2 }))

/** A table's state as the event stream brings it: another one with each `version`. */
export function stateOf(number, version) {
  const state = STATES[(number + version) % STATES.length]
  const at = new Date(NOW).toISOString()
  return { ...record, table_id: idOf(number), label: String(number), state, version, since: at, as_of: at, unknown_reason: state === 'unknown' ? 'camera' : null }
}
const states = numbers(TABLES).map((number) => stateOf(number, 1))

const statusOf = (number) => (number % 20 === 0 ? 'failed' : 'done')
export const FAILED = numbers(VIDEOS).filter((number) => statusOf(number) === 'failed').length
const videos = numbers(VIDEOS).map((number) => ({
  ...job,
  video_id: `vid_${number}`,
  run_id: `run_${number}`,
  filename: `service-${String(number).padStart(3, '0')}.mp4`,
  created_at: new Date(NOW - number * 3_600_000).toISOString(),
  status: statusOf(number),
  stage: null,
  error: statusOf(number) === 'failed' ? { code: 'not_a_video', reason: 'The file is no video that can be read.' } : null,
}))

/** Of a grid over the picture. */
function outlineOf(number) {
  const [column, row] = [(number - 1) % COLUMNS, Math.floor((number - 1) / COLUMNS)]
  const [left, top] = [0.01 + column * 0.098, 0.03 + row * 0.16]
  const [right, bottom] = [left + 0.08, top + 0.12]
  return [[left, top], [right, top], [right, bottom], [left, bottom]]
}
const drawn = tables.map(({ table_id, label, seats, section_id }, at) => ({ table_id, label, seats, section_id, polygon: outlineOf(at + 1), top: null }))
const layout = { ...answer(`/cameras/${ROOM}/layout`, new URLSearchParams(), ''), tables: drawn }

/** As the api answers: so many, from where the last answer ended. */
function videosOf(query) {
  const some = videos.filter(({ status }) => !query.has('status') || status === query.get('status'))
  const [from, limit] = [Number(query.get('cursor') ?? 0), Number(query.get('limit') ?? 50)]
  return { items: some.slice(from, from + limit), next_cursor: from + limit < some.length ? String(from + limit) : null }
}

export const crowded = {
  snapshot: { ...snapshot, states, videos: videos.slice(0, 20), holds: { ...snapshot.holds, states: TABLES, videos: 20 }, left_out: { ...snapshot.left_out, videos: VIDEOS - 20 } },
  answer: (path, query, url) => {
    if (path === '/tables') return { items: tables, next_cursor: null }
    if (path === '/videos') return videosOf(query)
    if (path === `/cameras/${ROOM}/layout`) return layout
    if (path === `/sites/${SITE}/plan`) return { site_id: SITE, version: 1, places: [] }
    return answer(path, query, url)
  },
}
