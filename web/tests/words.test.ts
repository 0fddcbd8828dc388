import { describe, expect, it } from 'vitest'
import type { TableState } from '../src/generated/events'
import liveState from '../../schemas/table.state/examples/v1/live.json'
import type { Section, Table } from '../src/client'
import { T } from '../src/texts'
import { bySection, counts, duration, hazardTimes, healthOf, lasting, sentence, tableNow } from '../src/words'
import { readFileSync } from 'node:fs'

const LIVE = { ...liveState.value, run_id: null, state: 'free', since: '2026-11-23T09:00:00.000Z', expires_at: '2026-11-23T10:00:00.000Z' } as TableState
const NOW = Date.parse('2026-11-23T09:47:30Z')

function table(changes: Partial<Table> = {}): Table {
  return { table_id: 'tbl_1', site_id: 'site_1', camera_id: 'cam_1', section_id: null, label: '1', seats: 4, created_at: '', retired_at: null, ...changes }
}

function now(changes: Partial<TableState>, people: number | null = 0, at = NOW) {
  return tableNow(table(), { ...LIVE, ...changes, evidence: { ...LIVE.evidence, people } }, at)
}

describe('the sentence of a table', () => {
  it.each([
    ['free', 0, 'Nobody is there.'],
    ['free', 1, 'Somebody stands nearby.'],
    ['occupied', 3, '3 people there.'],
    ['occupied', 1, '1 person there.'],
    ['seated', null, 'In use.'],
    ['dirty', 0, 'Guests have left, it is not cleared.'],
  ])('%s with %s people', (state, people, expected) => {
    expect(sentence(now({ state }, people))).toBe(expected)
  })

  it('says why a state is unknown, that it has expired, or that nobody has reported', () => {
    expect(sentence(now({ state: 'unknown', unknown_reason: 'camera_moved' }))).toBe('Its camera was moved.')
    expect(sentence(now({ state: 'unknown', unknown_reason: 'of_a_later_version' }))).toBe('Nobody can tell.')
    expect(sentence(now({}, 0, Date.parse('2026-11-23T10:00:00Z')))).toBe('No news of it for a while.')
    expect(sentence(tableNow(table(), null, NOW))).toBe('No camera has reported on it yet.')
  })

  it('has words for every reason of the contracts', () => {
    const page = readFileSync('../docs/errors-and-retries.md', 'utf8').split('<!-- unknown -->')[1]?.split('<!-- /unknown -->')[0] ?? ''
    const codes = [...page.matchAll(/^\| `(\w+)`/gm)].map(([, code]) => code).filter((code) => code !== 'unknown_reason')
    expect(codes.length).toBeGreaterThan(10)
    expect(Object.keys(T.unknown)).toEqual(expect.arrayContaining(codes))
  })
})

it('a state lasts since it began, and one that expired since then', () => {
  expect(lasting(now({}), NOW)).toBe('47 min')
  const later = Date.parse('2026-11-23T10:05:00Z')
  expect(lasting(now({}, 0, later), later)).toBe('5 min')
  expect(lasting(tableNow(table(), null, NOW), NOW)).toBe('')
})

it.each([
  [59_999, 'just now'],
  [60_000, '1 min'],
  [95 * 60_000, '1 h 35 min'],
  [5 * 3_600_000 + 60_000, '5 h'],
  [49 * 3_600_000, '2 days'],
])('%s ms is %s', (ms, text) => {
  expect(duration(ms)).toBe(text)
})

describe('the tables of the floor', () => {
  const of = (id: string, label: string, section_id: string | null, seats: number | null, state: string) =>
    tableNow(table({ table_id: id, label, section_id, seats }), { ...LIVE, table_id: id, state }, NOW)
  const tables = [of('a', '10', 's1', 4, 'free'), of('b', '2', 's1', 2, 'free'), of('c', 'Bar', null, null, 'free'), of('d', '3', 'gone', 4, 'dirty'), of('e', '4', 's1', 2, 'reserved'), of('f', '5', 's1', 2, 'of_a_later_version')]
  const sections: Section[] = [{ section_id: 's1', site_id: 'site_1', name: 'Terrace' }, { section_id: 's2', site_id: 'site_1', name: 'Empty' }]

  it('are grouped by section, numbers in their order, those of no section last', () => {
    const groups = bySection(tables, sections).map((group) => [group.name, group.tables.map((each) => each.table.label)])
    expect(groups).toEqual([['Terrace', ['2', '4', '5', '10']], ['Tables', ['3', 'Bar']]])
  })

  it('are counted, the free ones by seats', () => {
    expect(counts(tables)).toEqual({ all: 6, free: 3, taken: 1, dirty: 1, unknown: 1, bySeats: [[2, 1], [4, 1], [null, 1]] })
  })
})

it('a camera without a status says what it is for, one with says how it is', () => {
  const camera = { camera_id: 'cam_1', site_id: 'site_1', name: 'Bar', layout_version: 1 }
  expect(healthOf(camera, undefined)).toEqual({ status: 'none', text: 'No live pictures', reason: 'Pictures come from uploaded videos only.', since: null })
  const status = { camera_id: 'cam_1', site_id: 'site_1', version: 1, status: 'moved', reason: 'It shows another view.', since: 'x', observed_at: 'x', last_frame_at: null, snapshot_key: null }
  expect(healthOf(camera, status)).toEqual({ status: 'moved', text: 'Was moved', reason: 'It shows another view.', since: 'x' })
  expect(healthOf(camera, { ...status, status: 'live' }).reason).toBe('')
})

it('a camera says how far it has come where that says more than its health', () => {
  const capture = { state: 'captured', reason: null }
  const camera = { camera_id: 'cam_1', site_id: 'site_1', name: 'Bar', layout_version: null, capture }
  const status = { camera_id: 'cam_1', site_id: 'site_1', version: 1, status: 'live', reason: 'Frames arrive on time.', since: 'x', observed_at: 'x', last_frame_at: null, snapshot_key: null }
  expect(healthOf({ ...camera, state: 'draft' }, undefined)).toMatchObject({ text: 'Not switched on yet', reason: '' })
  expect(healthOf({ ...camera, state: 'verifying' }, undefined).text).toBe('Waiting for its first picture')
  expect(healthOf({ ...camera, state: 'verified' }, status)).toMatchObject({ text: 'Sees well', reason: 'Draw its tables next.' })
  expect(healthOf({ ...camera, state: 'live' }, status).reason).toBe('')
  expect(healthOf({ ...camera, state: 'verifying' }, { ...status, status: 'offline', reason: 'No answer.' })).toMatchObject({ text: 'Not reachable', reason: 'No answer.' })
  expect(healthOf({ ...camera, state: 'of a later version' }, undefined).text).toBe('No live pictures')
})

describe('the times of a hazard', () => {
  const opened_at = '2026-11-23T09:00:00.000Z'

  it('are how long it took until somebody went, and until it was gone', () => {
    const times = hazardTimes({ opened_at, acknowledged_at: '2026-11-23T09:02:10.000Z', cleared_at: '2026-11-23T09:09:00.000Z' })
    expect(times).toBe('Somebody went after 2 min. It was gone after 9 min.')
  })

  it('are left out where they are not known, as in records of before', () => {
    expect(hazardTimes({ opened_at, acknowledged_at: null, cleared_at: '2026-11-23T09:09:00.000Z' })).toBe('It was gone after 9 min.')
    expect(hazardTimes({ opened_at })).toBe('')
  })

  it('are never negative, whatever the clocks of cameras say', () => {
    expect(hazardTimes({ opened_at, acknowledged_at: '2026-11-23T08:59:00.000Z' })).toBe('Somebody went after less than a minute.')
  })
})
