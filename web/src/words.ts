// What the page says of tables, cameras and times, in a manager's words. Pure.
import type { CameraProbeDevice, CameraProbeDeviceProfile, CameraStatus, HazardAlert, TableState } from './generated/events'
import { Problem, stateNow, type Camera, type LayoutDiff, type LayoutVersion, type Look, type Probe, type Section, type Table } from './client'
import { tableName } from './format'
import { T } from './texts'

const TAKEN: ReadonlySet<string> = new Set(['seated', 'occupied', 'reserved', 'blocked'])
const CLOSED: ReadonlySet<string> = new Set(['verified', 'dismissed', 'expired', 'ended'])

/** How a manager sorts tables. */
export type Kind = 'free' | 'taken' | 'dirty' | 'unknown'

export function kindOf(state: string): Kind {
  if (state === 'free' || state === 'dirty') return state
  return TAKEN.has(state) ? 'taken' : 'unknown'
}

/** A table with its live state; `record` null: no camera has reported on it. */
export interface TableNow {
  table: Table
  record: TableState | null
  state: string
}

export function tableNow(table: Table, record: TableState | null, now: number): TableNow {
  return { table, record, state: record === null ? 'unknown' : stateNow(record, now) }
}

/** The sentence beside a state. */
export function sentence({ record, state }: Pick<TableNow, 'record' | 'state'>): string {
  if (record === null) return T.floor.nobodyReported
  if (state === 'unknown') return record.state === 'unknown' ? whyUnknown(record) : T.state.expired
  const people = record.evidence.people ?? 0
  switch (state) {
    case 'free':
      return people > 0 ? T.state.passer : T.state.empty
    case 'dirty':
      return T.state.clear
    case 'reserved':
      return T.state.reserved
    case 'blocked':
      return T.state.blocked
    default:
      return people > 0 ? T.state.guests(people) : T.state.inUse
  }
}

function whyUnknown(record: TableState): string {
  return T.unknown[record.unknown_reason ?? record.reason] ?? T.state.no
}

/** Of looks, newest first, the newest of each camera: those before it show the same. */
export function newestOfEach(looks: readonly Look[]): Look[] {
  return looks.filter((look, at) => looks.findIndex((other) => other.camera_id === look.camera_id) === at)
}

/** What one picture says of a table, with the rule that says so. */
export function lookSentence({ verdict, people, reason, reason_text }: Pick<Look, 'verdict' | 'people' | 'reason' | 'reason_text'>): string {
  if (verdict === 'unknown') return T.unknown[reason ?? ''] ?? reason_text ?? T.state.no
  if (verdict === 'free') return T.why.nobody
  return people > 0 ? T.why.guests(people) : T.why.things
}

/** How long a state lasts; of one that has expired since then, how long nothing is known. */
export function lasting({ record, state }: Pick<TableNow, 'record' | 'state'>, now: number): string {
  if (record === null) return ''
  const expired = state === 'unknown' && record.state !== 'unknown'
  return duration(now - Date.parse(expired ? record.expires_at : record.since))
}

/** `moment` is what less than a minute is called. */
export function duration(ms: number, moment: string = T.time.now): string {
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 1) return moment
  if (minutes < 60) return T.time.minutes(minutes)
  if (minutes < 24 * 60) return T.time.hours(Math.floor(minutes / 60), minutes % 60)
  return T.time.days(Math.floor(minutes / (24 * 60)))
}

/** Time of day without seconds; of another day with its date. */
export function shortTime(time: string, now: number): string {
  const [then, today] = [new Date(time), new Date(now)]
  const clock = then.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
  if (then.toDateString() === today.toDateString()) return clock
  return `${then.toLocaleDateString([], { day: 'numeric', month: 'short' })}, ${clock}`
}

/** A day of a site, `2026-11-23`: Mon, 23 Nov. */
export function dayText(day: string): string {
  return new Date(`${day}T12:00:00Z`).toLocaleDateString([], { weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC' })
}

export interface Group {
  key: string
  name: string
  tables: TableNow[]
}

/** Tables by section, those without one last; in each in the order of their names, numbers as numbers. */
export function bySection(tables: readonly TableNow[], sections: readonly Section[]): Group[] {
  const named = sections.map(({ section_id, name }) => ({ key: section_id, name }))
  const known = new Set(sections.map((section) => section.section_id))
  const of = (table: Table) => (table.section_id !== null && known.has(table.section_id) ? table.section_id : '')
  return [...named, { key: '', name: T.floor.noSection }]
    .map((group) => ({ ...group, tables: tables.filter((each) => of(each.table) === group.key).sort(byLabel) }))
    .filter((group) => group.tables.length > 0)
}

/** In the order of their names, numbers as numbers. */
export function byLabel(one: TableNow, two: TableNow): number {
  return one.table.label.localeCompare(two.table.label, undefined, { numeric: true })
}

export interface Counts {
  all: number
  free: number
  taken: number
  dirty: number
  unknown: number
  /** Free tables by seats, the smallest first; null: the layout does not say how many. */
  bySeats: [seats: number | null, count: number][]
}

export function counts(tables: readonly TableNow[]): Counts {
  const of = (kind: Kind) => tables.filter((each) => kindOf(each.state) === kind)
  const sizes = new Map<number | null, number>()
  for (const { table } of of('free')) sizes.set(table.seats, (sizes.get(table.seats) ?? 0) + 1)
  const bySeats = [...sizes].sort(([one], [two]) => (one ?? Infinity) - (two ?? Infinity))
  return { all: tables.length, free: of('free').length, taken: of('taken').length, dirty: of('dirty').length, unknown: of('unknown').length, bySeats }
}

/** Whether somebody has to do something about an alert. */
export function isOpen(hazard: Pick<HazardAlert, 'status'>): boolean {
  return hazard.status === 'opened' || hazard.status === 'acknowledged'
}

export function isClosed(hazard: Pick<HazardAlert, 'status'>): boolean {
  return CLOSED.has(hazard.status)
}

/** How long it took until somebody went, and until it was gone; empty where neither is known. */
export function hazardTimes({ opened_at, acknowledged_at, cleared_at }: Pick<HazardAlert, 'opened_at' | 'acknowledged_at' | 'cleared_at'>): string {
  const after = (time: string) => duration(Math.max(0, Date.parse(time) - Date.parse(opened_at)), T.time.moment)
  const went = acknowledged_at ? T.hazards.acknowledgedAfter(after(acknowledged_at)) : ''
  const gone = cleared_at ? T.hazards.clearedAfter(after(cleared_at)) : ''
  return [went, gone].filter(Boolean).join(' ')
}

export interface Health {
  /** `none`: nothing takes pictures of it. */
  status: string
  text: string
  reason: string
  since: string | null
}

export function healthOf(camera: Camera, status: CameraStatus | undefined): Health {
  const further = camera.capture?.state === 'captured' && camera.state !== undefined ? T.camera.states[camera.state] : undefined
  if (!status) {
    const reason = camera.capture?.reason ?? (camera.capture?.state === 'captured' ? '' : T.camera.upload)
    return { status: 'none', text: further ?? T.camera.none, reason, since: null }
  }
  const well = status.status === 'live' || status.status === 'verified'
  return { status: status.status, text: T.camera.health[status.status] ?? status.status, reason: well ? (camera.state === 'verified' && further) || '' : status.reason, since: status.since }
}

/** Why a request was refused, with what to do, in a form that was filled in. */
export function problemText(error: unknown): string {
  if (!(error instanceof Problem)) return error instanceof Error ? error.message : String(error)
  const { title, message, code } = error
  return message.startsWith(title) ? `${message} (${code})` : `${title}. ${message} (${code})`
}

type Found = NonNullable<Probe['found']>

/** What a camera sends, as names and values. */
export function probeFacts(found: Found): [name: string, value: string][] {
  const words = T.probe
  const { codec, width, height, clock } = found
  const picture = [`${width} × ${height}`, codec === null ? '' : (words.codecs[codec] ?? codec)].filter(Boolean).join(', ')
  return [
    [words.picture, picture],
    [words.rate, rateOf(found)],
    [words.keyframes, keyframesOf(found)],
    [words.clock, clock.usable ? words.clockUsed : (clock.reason ?? words.notKnown)],
    [words.sound, soundOf(found)],
    [words.readOver, words.readBy(words.transports[found.transport] ?? found.transport, seconds(found.first_frame_ms))],
  ]
}

function rateOf({ frames_per_s, bits_per_s }: Found): string {
  if (frames_per_s === null) return T.probe.single
  const rate = T.probe.perSecond(Math.round(frames_per_s * 10) / 10)
  return bits_per_s === null ? rate : `${rate}, ${(bits_per_s / 1e6).toFixed(1)} Mbit/s`
}

function keyframesOf({ frames_per_s, gop_frames, gop_ms }: Found): string {
  if (frames_per_s === null) return T.probe.eachIsOne
  if (gop_frames === null || gop_ms === null) return T.probe.oneKeyframe
  return T.probe.everyGop(gop_frames, seconds(gop_ms))
}

function soundOf({ sound, sound_codec }: Found): string {
  if (sound === null) return T.probe.notKnown
  return sound ? T.probe.hasSound((sound_codec ?? '').toUpperCase()) : T.probe.noSound
}

/** 640 -> 0.6 s */
function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`
}

/** What its owner called a device, else what it is, else where. */
export function deviceName({ name, maker, model, addresses }: CameraProbeDevice): string {
  return name ?? ([maker, model].filter(Boolean).join(' ') || T.find.nameless(addresses[0] ?? '?'))
}

export function deviceText({ name, maker, model, addresses, needs_password }: CameraProbeDevice): string {
  const kind = name === null ? '' : [maker, model].filter(Boolean).join(' ')
  return [kind, addresses.join(', '), needs_password ? T.find.protected : ''].filter(Boolean).join(' · ')
}

export function streamText({ codec, width, height, frames_per_s }: CameraProbeDeviceProfile): string {
  const size = width && height ? `${width} × ${height}` : ''
  const rate = frames_per_s === null ? '' : T.find.perSecond(frames_per_s)
  return [size, codec ? (T.probe.codecs[codec] ?? codec) : '', rate].filter(Boolean).join(', ') || T.find.unknown
}

/** Number and section of a camera, as far as it has them. */
export function placeOf({ number, section_id }: Camera, sections: readonly Section[]): string {
  const section = sections.find((each) => each.section_id === section_id)?.name ?? ''
  return [number ? T.cameras.number(number) : '', section].filter(Boolean).join(' · ')
}

/** How a version of a layout came about. */
export function versionText({ tables, author, origin, restored_from }: LayoutVersion): string {
  const W = T.versions
  const what = restored_from !== null ? W.restoredFrom(restored_from) : origin === null ? '' : (W.origins[origin] ?? origin)
  return [W.tables(tables), what && author ? W.by(what, author) : what].filter(Boolean).join(' · ')
}

/** What a version changed of the one before, a line each. */
export function diffText(diff: LayoutDiff, nameOf: (tableId: string) => string): string[] {
  const W = T.versions
  const names = (ids: readonly string[]) => ids.map(nameOf).join(', ')
  const fields = (changed: readonly string[]) => changed.map((field) => W.fields[field] ?? field).join(', ')
  const lines = [
    diff.new.length > 0 && W.added(names(diff.new)),
    diff.retired.length > 0 && W.retired(names(diff.retired)),
    ...Object.entries(diff.merged_from).map(([table, parts]) => W.merged(nameOf(table), names(parts))),
    ...Object.entries(diff.split_from).map(([table, whole]) => W.split(nameOf(table), nameOf(whole))),
    ...diff.changed.map((each) => W.changed(tableName(each.label), fields(each.fields))),
    diff.floor_changed && W.floor,
    diff.ignore_changed && W.ignore,
    diff.reference_changed && W.reference,
  ].filter((line) => line !== false)
  return lines.length > 0 ? lines : [W.same]
}
