// Values of the API as the page shows them.
import type { HazardAlert } from './generated/events'
import type { Delta, Job } from './client'
import { T } from './texts'

const NAMES: Record<string, string> = {
  free: 'Free',
  seated: 'Seated',
  occupied: 'Occupied',
  dirty: 'Dirty',
  reserved: 'Reserved',
  blocked: 'Blocked',
  unknown: 'Unknown',
  awaiting_file: 'Waiting for the file',
  queued: 'Waiting',
  processing: 'Working',
  done: 'Done',
  failed: 'Failed',
  cancelled: 'Cancelled',
  upload: 'Upload',
  extract: 'Pictures',
  tables: 'Tables',
  hazards: 'Hazards',
}

const KNOWN_STATES = new Set(['free', 'seated', 'occupied', 'dirty', 'reserved', 'blocked', 'unknown'])

/** The text for an enum value of the contracts; one of a later version is shown by its name. */
export function displayName(name: string): string {
  return NAMES[name] ?? name.charAt(0).toUpperCase() + name.slice(1).replaceAll(/[_-]/g, ' ')
}

/** The colour class of a state; one of a later version is coloured as unknown. */
export function tone(state: string): string {
  return KNOWN_STATES.has(state) ? state : 'unknown'
}

/** 83_000 -> 1:23; hours where there are some. */
export function clockTime(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const two = (value: number) => String(value).padStart(2, '0')
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`
}

export function bytes(count: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  const power = count < 1 ? 0 : Math.min(Math.floor(Math.log10(count) / 3), units.length - 1)
  const value = count / 1000 ** power
  return `${value >= 100 || power === 0 ? Math.round(value) : value.toFixed(1)} ${units[power]}`
}

/** Time of day, of this browser. */
export function timeOfDay(time: string | number): string {
  return new Date(time).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' })
}

export function ago(time: string, now: number): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(time)) / 1000))
  if (seconds < 60) return 'just now'
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`
  return new Date(time).toLocaleDateString()
}

/** What changes the direction of the text around it (Unicode, UAX 9): files may be called so, and other names are refused. */
const REORDERING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

export function jobName(job: Job): string {
  return job.filename?.replace(REORDERING, '') || `Video ${job.video_id.slice(-6)}`
}

/** What people call a table, as a name: "7" is Table 7. */
export function tableName(label: string): string {
  return /^\d/.test(label) ? `Table ${label}` : label
}

/** `label` names tables of alerts that do not say what people call them. */
export function hazardTitle(hazard: HazardAlert, label: (tableId: string) => string): string {
  const [near, named] = [hazard.near_table_ids[0], hazard.near_table_labels?.[0]]
  return near ? `${displayName(hazard.kind)} near ${named ? tableName(named) : label(near)}` : displayName(hazard.kind)
}

export interface FeedLine {
  topic: string
  text: string
  tone: string
  runId: string | null
}

/** What is no news to who looks at the floor. Types of later versions are. */
const QUIET = new Set(['snapshot', 'resume', 'resync', 'camera.config', 'camera.probe', 'camera.view', 'camera.status.deleted', 'site.config'])

/** The line of the feed for an event, or null where it gets none. */
export function feedLine(
  delta: Delta,
  label: (tableId: string) => string,
  camera: (cameraId: string) => string = () => 'Camera',
): FeedLine | null {
  const data = delta.data as Record<string, string | null>
  const field = (name: string) => data[name] ?? ''
  // beside the same tables live, what a video shows must not read as if it were now
  const video = field('run_id') && ['table.state', 'hazard.alert'].includes(delta.type) ? ' (video)' : ''
  const line = (text: string, shade: string): FeedLine => ({
    topic: delta.type,
    text: text + video,
    tone: shade,
    runId: data['run_id'] ?? null,
  })
  switch (delta.type) {
    case 'table.state': {
      const name = field('label') ? tableName(field('label')) : label(field('table_id'))
      const before = field('previous_state') ? `${displayName(field('previous_state'))} → ` : ''
      return line(`${name}: ${before}${displayName(field('state'))}`, tone(field('state')))
    }
    case 'hazard.alert':
      return line(`${hazardTitle(delta.data as HazardAlert, label)}: ${field('status')}`, 'hazard')
    case 'camera.status':
      return line(`${camera(field('camera_id'))}: ${displayName(field('status')).toLowerCase()}. ${field('reason')}`, 'plain')
    case 'camera.state':
      return line(T.camera.isNow(camera(field('camera_id')), field('state')), 'plain')
    case 'video.job': {
      const job = delta.data as Job
      const ends = job.status === 'failed' ? ` (${job.error?.code ?? 'no reason given'})` : ''
      const at = job.status === 'processing' ? `: ${displayName(job.stage).toLowerCase()}` : ends
      return line(`${jobName(job)}: ${displayName(job.status).toLowerCase()}${at}`, job.status === 'failed' ? 'hazard' : 'plain')
    }
    case 'site.changed':
      return line(`The settings of ${field('name')} were changed`, 'plain')
    case 'video.deleted':
      return line('A video was deleted', 'plain')
    default:
      return QUIET.has(delta.type) ? null : line(displayName(delta.type.replaceAll('.', ' ')), 'plain')
  }
}
