// What is typed about a camera: its fields, how they become requests, and what a device remembers of them. Pure.
import type { Camera, CameraChange, NewCamera, NewSource, SourceType } from './client'

export const TYPES: readonly SourceType[] = ['rtsp', 'hls', 'snapshot', 'file']
const CADENCE_MS = { least: 100, most: 3_600_000 }

export interface CameraFields {
  name: string
  /** As it was typed; empty: the next free one. */
  number: string
  /** Id; empty: in none. */
  section: string
  notes: string
  type: SourceType
  address: string
  user: string
  password: string
  udp: boolean
  /** Between two pictures, as it was typed. */
  seconds: string
}

export const NOTHING_TYPED: CameraFields = { name: '', number: '', section: '', notes: '', type: 'rtsp', address: '', user: '', password: '', udp: false, seconds: '10' }

/** The fields that say where the pictures come from: a probe is of these. */
const OF_SOURCE: readonly (keyof CameraFields)[] = ['type', 'address', 'user', 'password', 'udp']

export function isOtherSource(one: CameraFields, other: CameraFields): boolean {
  return OF_SOURCE.some((field) => one[field] !== other[field])
}

/** The fields of a camera as it is; its user name and password are never answered. */
export function fieldsOf(camera: Camera): CameraFields {
  const { name, source, cadence_ms } = camera
  const people = { number: String(camera.number ?? ''), section: camera.section_id ?? '', notes: camera.notes ?? '' }
  const type = TYPES.find((each) => each === source?.type) ?? NOTHING_TYPED.type
  const seconds = cadence_ms === undefined ? NOTHING_TYPED.seconds : String(cadence_ms / 1000)
  return { ...NOTHING_TYPED, ...people, name, type, address: source?.address ?? '', udp: source?.transport === 'udp', seconds }
}

/** The type that an address is of, as far as it shows; else the one that is chosen. */
export function typeOf(address: string, chosen: SourceType): SourceType {
  const [, scheme = '', rest = ''] = /^(\w+):\/\/(.*)$/.exec(address.trim().toLowerCase()) ?? []
  if (scheme === 'rtsp' || scheme === 'rtsps') return 'rtsp'
  if (scheme !== 'http' && scheme !== 'https') return chosen
  if (/^[^?#]*\.m3u8?([?#]|$)/.test(rest)) return 'hls'
  return chosen === 'hls' ? 'hls' : 'snapshot'
}

/** A user name and password that stand in the address, as many cameras print it, go where they belong. */
export function tidied(fields: CameraFields): CameraFields {
  const address = fields.address.trim()
  const [whole, scheme = '', userinfo = '', rest = ''] = /^(\w+:\/+|)([^/?#]*)@([^@/?#]*.*)$/.exec(address) ?? []
  const type = typeOf(address, fields.type)
  const isPath = type === 'file' && scheme === ''
  if (whole === undefined || isPath) return { ...fields, address, type }
  const [user = '', ...password] = userinfo.split(':')
  return { ...fields, type, address: scheme + rest, user: decoded(user), password: decoded(password.join(':')) }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** As the api knows them: some cameras take a password in the path or the query. */
export const NAMED_SECRET =
  '[/?&;_-](?:user(?:name)?|usr|login|account|pass(?:word|wd)?|pwd|psw|token|auth(?:key)?|(?:api_?)?key|secret' + '|jwt|bearer|sig(?:nature)?)='
const FROM_SECRET = new RegExp(`(${NAMED_SECRET}).*$`, 'is')

/** What may be kept in the storage of a device: no password, nor what may be one in the address. */
export function withoutSecrets(fields: CameraFields): CameraFields {
  return { ...fields, password: '', address: addressWithoutSecrets(fields.address.trim()) }
}

/** Empty where a user name and password may stand before the host; else up to the first secret that is named. */
function addressWithoutSecrets(address: string): string {
  const plain = withoutPercents(address)
  const [, host = ''] = /^(?:\w+:\/+)?(?:\[[^\]]*\])?([^/?#]*)/.exec(plain) ?? []
  const isUserInfo = /:(?!\d{0,5}$)/.test(host) // what follows is no port
  if (plain.includes('@') || isUserInfo) return ''
  return FROM_SECRET.test(plain) ? plain.replace(FROM_SECRET, '$1') : address
}

/** Decoded until nothing is left to decode, also where a percent sign stands for itself: to look into it, not to send it. */
function withoutPercents(text: string): string {
  const once = text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
  return once === text ? text : withoutPercents(once)
}

/** Milliseconds between two pictures; null where the field has no such time. */
export function cadenceOf(seconds: string): number | null {
  const ms = Math.round(Number(seconds.replace(',', '.')) * 1000)
  return seconds.trim() !== '' && ms >= CADENCE_MS.least && ms <= CADENCE_MS.most ? ms : null
}

const MOST_NUMBER = 9999

/** Undefined where none was typed; null where the field has no such number. */
export function numberOf(text: string): number | null | undefined {
  const number = Number(text.trim())
  if (text.trim() === '') return undefined
  return Number.isInteger(number) && number >= 1 && number <= MOST_NUMBER ? number : null
}

/** The lowest that no camera has. */
export function nextNumber(cameras: readonly Camera[]): number {
  const taken = new Set(cameras.map(({ number }) => number))
  let number = 1
  while (taken.has(number)) number += 1
  return number
}

export function sourceOf({ type, address, user, password, udp }: CameraFields): NewSource {
  return {
    type,
    address: address.trim(),
    ...(user ? { user } : {}),
    ...(password ? { password } : {}),
    ...(udp && type === 'rtsp' ? { transport: 'udp' } : {}),
  }
}

export function newCamera(siteId: string, fields: CameraFields): NewCamera | null {
  const [cadence_ms, number, notes] = [cadenceOf(fields.seconds), numberOf(fields.number), fields.notes.trim()]
  if (cadence_ms === null || number === null) return null
  return {
    site_id: siteId,
    name: fields.name.trim(),
    ...(number === undefined ? {} : { number }),
    ...(fields.section ? { section_id: fields.section } : {}),
    ...(notes ? { notes } : {}),
    source: sourceOf(fields),
    cadence_ms,
  }
}

/** Whether a user name and password are stored, and stay with these fields: they are sealed for one address. */
export function keepsPassword(fields: CameraFields, camera: Camera): boolean {
  return hasPassword(camera) && fields.address.trim() === camera.source?.address && !fields.user && !fields.password
}

export function hasPassword(camera: Camera): boolean {
  return (camera.source?.secret_ref ?? null) !== null
}

/** What differs from the camera as it was read; null where the fields cannot be sent. */
export function changeOf(fields: CameraFields, camera: Camera): CameraChange | null {
  const before = fieldsOf(camera)
  const [cadence_ms, number] = [cadenceOf(fields.seconds), numberOf(fields.number)]
  if (cadence_ms === null || number === null || (number === undefined && before.number !== '')) return null
  const secret = camera.source?.secret_ref
  const kept = secret && keepsPassword(fields, camera) ? { secret_ref: secret } : {}
  return {
    ...(fields.name.trim() === before.name ? {} : { name: fields.name.trim() }),
    ...(number === undefined || number === camera.number ? {} : { number }),
    ...(fields.section === before.section ? {} : { section_id: fields.section || null }),
    ...(fields.notes.trim() === before.notes.trim() ? {} : { notes: fields.notes.trim() || null }),
    ...(cadence_ms === camera.cadence_ms ? {} : { cadence_ms }),
    ...(isOtherSource(fields, before) && fields.address.trim() ? { source: { ...sourceOf(fields), ...kept } } : {}),
  }
}

/**
 * The fields over a camera that somebody else has changed meanwhile: what was typed stays, the rest is theirs.
 * A user name and password were typed for one address: where another one takes its place, they are not sent to it.
 */
export function rebased(fields: CameraFields, before: Camera, now: Camera): CameraFields {
  const [old, fresh] = [fieldsOf(before), fieldsOf(now)]
  const names = Object.keys(fields) as (keyof CameraFields)[]
  const mine: CameraFields = Object.assign({ ...fields }, ...names.filter((name) => fields[name] === old[name]).map((name) => ({ [name]: fresh[name] })))
  const isElsewhere = mine.address !== fields.address || mine.type !== fields.type
  return isElsewhere ? { ...mine, user: '', password: '' } : mine
}

/** Whether a user name or password was typed that is not in these fields any more. */
export function lostCredentials(typed: CameraFields, now: CameraFields): boolean {
  return typed.user !== now.user || typed.password !== now.password
}

/** What somebody else has changed, by the name of the field. */
export function changedFields(before: Camera, now: Camera): (keyof CameraFields)[] {
  const [old, fresh] = [fieldsOf(before), fieldsOf(now)]
  return (Object.keys(old) as (keyof CameraFields)[]).filter((name) => old[name] !== fresh[name])
}
