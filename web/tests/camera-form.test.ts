// @vitest-environment jsdom
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  cadenceOf,
  changedFields,
  changeOf,
  fieldsOf,
  isOtherSource,
  lostCredentials,
  NAMED_SECRET,
  newCamera,
  nextNumber,
  NOTHING_TYPED,
  numberOf,
  rebased,
  sourceOf,
  tidied,
  typeOf,
  withoutSecrets,
  type CameraFields,
} from '../src/camera-form'
import type { Camera } from '../src/client'
import { lacksPassword, readDraft, writeDraft } from '../src/draft'

const ADDRESS = 'rtsp://192.168.1.20:554/stream1'
const typed = (fields: Partial<CameraFields>): CameraFields => ({ ...NOTHING_TYPED, ...fields })
const CAMERA: Camera = {
  camera_id: 'cam_1',
  site_id: 'site_1',
  name: 'Bar',
  source: { type: 'rtsp', address: ADDRESS, secret_ref: 'secrets/site_1/cam_1.sealed', transport: null },
  cadence_ms: 2500,
  layout_version: null,
}

describe('an address', () => {
  it.each([
    ['rtsp://a/1', 'hls', 'rtsp'],
    ['RTSPS://a/1', 'file', 'rtsp'],
    ['https://a/live.m3u8?x=1', 'rtsp', 'hls'],
    ['http://a/picture.jpg?of=x.m3u8', 'rtsp', 'snapshot'],
    ['http://a/live', 'hls', 'hls'],
    ['bar/window.mp4', 'file', 'file'],
    ['192.168.1.20', 'rtsp', 'rtsp'],
  ] as const)('%s, chosen %s, is of type %s', (address, chosen, type) => {
    expect(typeOf(address, chosen)).toBe(type)
  })

  it('gives its user name and password to their fields', () => {
    const { address, user, password } = tidied(typed({ address: ' rtsp://admin:p%40ss:w@rd@10.0.0.1/1?a=b@c ' }))
    expect([address, user, password]).toEqual(['rtsp://10.0.0.1/1?a=b@c', 'admin', 'p@ss:w@rd'])
  })

  it.each([
    ['admin:x@192.168.1.20/1', 'rtsp', ['192.168.1.20/1', 'admin', 'x']],
    ['rtsp:/admin:x@cam/1', 'rtsp', ['rtsp:/cam/1', 'admin', 'x']],
    ['window@bar.mp4', 'file', ['window@bar.mp4', '', '']],
  ] as const)('%s of type %s gives them also without a whole scheme, but a path has none', (address, type, expected) => {
    const found = tidied(typed({ address, type }))
    expect([found.address, found.user, found.password]).toEqual(expected)
  })

  it('without them leaves what was typed in the fields, and one that cannot be decoded as it is', () => {
    expect(tidied(typed({ address: ADDRESS, user: 'admin', password: 'x' }))).toEqual(typed({ address: ADDRESS, user: 'admin', password: 'x' }))
    expect(tidied(typed({ address: 'rtsp://a:50%@h/1' })).password).toBe('50%')
  })
})

describe('what a tab remembers', () => {
  beforeEach(() => localStorage.clear())

  it.each([
    [typed({ address: ADDRESS, user: 'admin', password: 'Secret' }), ADDRESS],
    [typed({ address: 'rtsp://admin:Secret@h/1' }), ''],
    [typed({ address: 'rtsp://admin:Sec/ret@h/1' }), ''],
    [typed({ address: 'rtsp://admin:Secret' }), ''],
    [typed({ address: 'admin:Secret@192.168.1.20/1' }), ''],
    [typed({ address: 'admin:Secret' }), ''],
    [typed({ address: 'rtsp:/admin:Secret@cam/1' }), ''],
    [typed({ address: 'rtsp://admin%3ASecret%40cam/1' }), ''],
    [typed({ address: 'rtsp://cam/1?p%77d=Secret' }), 'rtsp://cam/1?pwd='],
    [typed({ address: 'rtsp://cam/1?p%2577d=Secret%' }), 'rtsp://cam/1?pwd='],
    [typed({ address: 'rtsp://cam/1?usr%3Da%26pwd%3DSecret' }), 'rtsp://cam/1?usr='],
    [typed({ address: 'rtsp://[fe80::1]:554/a%20b' }), 'rtsp://[fe80::1]:554/a%20b'],
    [typed({ address: '192.168.1.20:554/1' }), '192.168.1.20:554/1'],
    [typed({ address: 'rtsp://h/user=admin_password=Secret_channel=1.sdp' }), 'rtsp://h/user='],
    [typed({ address: 'http://h/p.jpg?size=1&pwd=Secret' }), 'http://h/p.jpg?size=1&pwd='],
  ])('has no password (%#)', (fields, address) => {
    expect(withoutSecrets(fields)).toEqual({ ...fields, password: '', address })
    writeDraft('new', { fields, probeId: null, passwordLost: false, typing: false, before: null })
    expect(JSON.stringify({ ...localStorage })).not.toMatch(/Sec|ret/)
  })

  it('has the names of secrets that the api has', () => {
    const python = readFileSync(join(__dirname, '../../libs/outbound/src/outbound/address.py'), 'utf8')
    const [, lines = ''] = /_NAMED_SECRET = re\.compile\(([^]*?)re\.IGNORECASE/.exec(python) ?? []
    expect([...lines.matchAll(/r"(.*)"/g)].map(([, text]) => text).join('')).toBe(NAMED_SECRET)
  })

  it('is all else, and that the password has to be typed again', () => {
    const draft = { fields: typed({ address: ADDRESS, password: 'Secret', user: 'admin', name: 'Bar' }), probeId: 'prb_1', passwordLost: false, typing: false, before: null }
    writeDraft('new', draft)
    const found = readDraft('new')
    expect(found).toEqual({ ...draft, fields: { ...draft.fields, password: '' }, passwordLost: true })
    expect(found && lacksPassword(found)).toBe(true)
    expect(found && lacksPassword({ ...found, fields: draft.fields })).toBe(false)
    writeDraft('new', null)
    expect(readDraft('new')).toBeNull()
  })

  it('is no address while it is typed', () => {
    writeDraft('new', { fields: typed({ address: 'rtsp://hunter2', name: 'Bar' }), probeId: null, passwordLost: false, typing: true, before: null })
    expect(readDraft('new')).toEqual({ fields: typed({ name: 'Bar' }), probeId: null, passwordLost: false, typing: false, before: null })
  })

  it('of a page of before is filled up', () => {
    localStorage.setItem('tablewatch-begun/camera/new', JSON.stringify({ fields: { name: 'Bar' }, probeId: null }))
    expect(readDraft('new')?.fields).toEqual(typed({ name: 'Bar' }))
  })

  it('is nothing where the storage holds something else', () => {
    localStorage.setItem('tablewatch-begun/camera/new', '{')
    expect(readDraft('new')).toBeNull()
  })
})

describe('the request', () => {
  it('of a new camera has what was typed, and UDP only where there is one', () => {
    const fields = typed({ name: ' Bar ', address: ` ${ADDRESS} `, user: 'admin', password: 'x', udp: true, seconds: '0,5' })
    const source = { type: 'rtsp', address: ADDRESS, user: 'admin', password: 'x', transport: 'udp' }
    expect(newCamera('site_1', fields)).toEqual({ site_id: 'site_1', name: 'Bar', source, cadence_ms: 500 })
    expect(sourceOf({ ...fields, type: 'hls' })).not.toHaveProperty('transport')
  })

  it.each([['10', 10_000], ['0.1', 100], ['3600', 3_600_000], ['0.04', null], ['3601', null], ['', null], ['ten', null], ['-1', null]])(
    'has %s seconds as %s ms',
    (seconds, ms) => expect(cadenceOf(seconds)).toBe(ms),
  )

  it('is none where the time between pictures is none', () => {
    expect(newCamera('site_1', typed({ seconds: '0' }))).toBeNull()
    expect(changeOf(typed({ seconds: '0' }), CAMERA)).toBeNull()
  })

  it('of a change has what differs', () => {
    const fields = fieldsOf(CAMERA)
    expect(fields.seconds).toBe('2.5')
    expect(changeOf(fields, CAMERA)).toEqual({})
    expect(changeOf({ ...fields, name: 'Window', seconds: '5' }, CAMERA)).toEqual({ name: 'Window', cadence_ms: 5000 })
  })

  it('has number, section and notes where they were typed, and only what differs', () => {
    const fields = typed({ address: ADDRESS, name: 'Bar', number: ' 7 ', section: 'sec_1', notes: ' Ladder ' })
    expect(newCamera('site_1', fields)).toMatchObject({ number: 7, section_id: 'sec_1', notes: 'Ladder' })
    expect(newCamera('site_1', typed({ number: '0' }))).toBeNull()
    const camera = { ...CAMERA, number: 7, section_id: 'sec_1', notes: 'Ladder' }
    expect(changeOf(fieldsOf(camera), camera)).toEqual({})
    expect(changeOf({ ...fieldsOf(camera), number: '8', section: '', notes: ' ' }, camera)).toEqual({ number: 8, section_id: null, notes: null })
    expect(changeOf({ ...fieldsOf(camera), number: '' }, camera)).toBeNull()
    expect(changeOf({ ...fieldsOf(CAMERA), number: '' }, CAMERA)).toEqual({})
  })

  it.each([['', undefined], [' 12', 12], ['9999', 9999], ['10000', null], ['1.5', null], ['x', null]])('takes number %j as %s', (text, number) => expect(numberOf(text)).toBe(number))

  it('proposes the lowest number that is free', () => {
    expect(nextNumber([])).toBe(1)
    expect(nextNumber([{ ...CAMERA, number: 1 }, { ...CAMERA, number: 3 }, CAMERA])).toBe(2)
  })

  it('of a change keeps the password for the same address only', () => {
    const fields = fieldsOf(CAMERA)
    expect(changeOf({ ...fields, udp: true }, CAMERA)?.source).toEqual({ type: 'rtsp', address: ADDRESS, transport: 'udp', secret_ref: CAMERA.source?.secret_ref })
    expect(changeOf({ ...fields, address: 'rtsp://h/2' }, CAMERA)?.source).toEqual({ type: 'rtsp', address: 'rtsp://h/2' })
    expect(changeOf({ ...fields, user: 'me', password: 'new' }, CAMERA)?.source).toEqual({ type: 'rtsp', address: ADDRESS, user: 'me', password: 'new' })
  })

  it('leaves the source of a camera without one alone', () => {
    const uploads = { ...CAMERA, source: { type: 'none', address: null, secret_ref: null } }
    expect(changeOf({ ...fieldsOf(uploads), name: 'Other' }, uploads)).toEqual({ name: 'Other' })
  })
})

describe('a camera that somebody else has changed meanwhile', () => {
  const theirs = { ...CAMERA, name: 'Their name', cadence_ms: 60_000 }

  it('is theirs, but for what was typed', () => {
    const mine = rebased({ ...fieldsOf(CAMERA), seconds: '5', password: 'x' }, CAMERA, theirs)
    expect(mine).toEqual({ ...fieldsOf(CAMERA), name: 'Their name', seconds: '5', password: 'x' })
    expect(changedFields(CAMERA, theirs)).toEqual(['name', 'seconds'])
    expect(lostCredentials({ ...fieldsOf(CAMERA), seconds: '5', password: 'x' }, mine)).toBe(false)
  })

  it.each([
    ['address', { ...CAMERA, source: { type: 'rtsp', address: 'rtsp://elsewhere/1', secret_ref: null } }],
    ['type', { ...CAMERA, source: { type: 'hls', address: ADDRESS, secret_ref: null } }],
  ])('gets no user name and password that were typed for another %s', (_, elsewhere) => {
    const before = { ...fieldsOf(CAMERA), user: 'admin', password: 'x', name: 'Mine' }
    const mine = rebased(before, CAMERA, elsewhere)
    expect(mine).toEqual({ ...fieldsOf(elsewhere), name: 'Mine' })
    expect(lostCredentials(before, mine)).toBe(true)
  })

  it('gets them for the address that was typed with them', () => {
    const before = { ...fieldsOf(CAMERA), address: 'rtsp://mine/1', user: 'admin', password: 'x' }
    const elsewhere = { ...CAMERA, source: { type: 'rtsp', address: 'rtsp://elsewhere/1', secret_ref: null } }
    expect(rebased(before, CAMERA, elsewhere)).toEqual(before)
  })
})

it('a probe is of the source, whatever the name', () => {
  expect(isOtherSource(typed({ name: 'Bar', seconds: '1' }), typed({}))).toBe(false)
  expect(isOtherSource(typed({ password: 'x' }), typed({}))).toBe(true)
})
