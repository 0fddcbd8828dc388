import { describe, expect, it } from 'vitest'
import { apply, emptyView, fromSnapshot, stateAt, stateKey, stateNow, type Snapshot, type View } from '../src/client'
import liveState from '../../schemas/table.state/examples/v1/live.json'
import runState from '../../schemas/table.state/examples/v1/run.json'
import alert from '../../schemas/hazard.alert/examples/v1/run-opened.json'
import ended from '../../schemas/hazard.alert/examples/v1/run-ended.json'
import camera from '../../schemas/camera.status/examples/v1/live.json'
import type { CameraStatus, HazardAlert, TableState } from '../src/generated/events'
import { EMPTY_SNAPSHOT, job } from './documents'

const LIVE = liveState.value as TableState
const RUN = runState.value as TableState
const ALERT = alert.value as HazardAlert
const CAMERA = camera.value as CameraStatus
const SITE = LIVE.site_id

function snapshot(changes: Partial<Snapshot> = {}): Snapshot {
  return { ...EMPTY_SNAPSHOT, site_id: SITE, ...changes }
}

function after(view: View, type: string, data: unknown): View {
  return apply(view, { type, data })
}

const start = fromSnapshot(snapshot({ states: [LIVE, RUN], hazards: [ALERT], videos: [job()], cameras: [CAMERA] }))

describe('a snapshot', () => {
  it('is indexed by what identifies each thing', () => {
    expect([...start.states.keys()]).toEqual([LIVE.table_id, `${RUN.table_id}@${RUN.run_id}`])
    expect(start.hazards.get(ALERT.hazard_id)).toBe(ALERT)
    expect(start.cameras.get(CAMERA.camera_id)).toBe(CAMERA)
    expect(start.videos.size).toBe(1)
  })

  it('replaces everything after a reset', () => {
    const reset = after(start, 'snapshot', snapshot({ states: [LIVE] }))
    expect([...reset.states.keys()]).toEqual([LIVE.table_id])
    expect(reset.hazards.size).toBe(0)
    expect(reset.videos.size).toBe(0)
  })

  it('keeps the pasts of the same site, and none of another', () => {
    const key = stateKey(RUN)
    expect(after(start, 'snapshot', snapshot()).past.get(key)).toEqual([RUN])
    expect(after(start, 'snapshot', snapshot({ site_id: 'site_other' })).past.size).toBe(0)
  })
})

describe('a delta', () => {
  it('changes one thing and leaves the view before it as it was', () => {
    const next = after(start, 'table.state', { ...RUN, version: 3, state: 'free' })
    expect(next.states.get(stateKey(RUN))?.state).toBe('free')
    expect(start.states.get(stateKey(RUN))?.state).toBe('occupied')
    expect(next.states.get(LIVE.table_id)).toBe(LIVE)
  })

  it('of an older or equal version is ignored', () => {
    for (const version of [1, 2]) {
      expect(after(start, 'table.state', { ...RUN, version, state: 'free' }).states).toBe(start.states)
    }
    expect(after(start, 'hazard.alert', { ...ALERT, status: 'expired' })).toBe(start)
    expect(after(start, 'camera.status', { ...CAMERA, status: 'dark' })).toBe(start)
  })

  it('of a live table never touches a run, nor the other way round', () => {
    const next = after(start, 'table.state', { ...LIVE, version: 99, state: 'dirty' })
    expect(next.states.get(stateKey(RUN))?.state).toBe('occupied')
    expect(next.states.get(LIVE.table_id)?.state).toBe('dirty')
  })

  it('that only marks the end of a run is no hazard', () => {
    expect(after(start, 'hazard.alert', ended.value)).toBe(start)
  })

  it('takes a thing away', () => {
    expect(after(start, 'table.state.deleted', { state_key: stateKey(RUN) }).states.size).toBe(1)
    expect(after(start, 'hazard.alert.deleted', { hazard_id: ALERT.hazard_id }).hazards.size).toBe(0)
    expect(after(start, 'camera.status.deleted', { camera_id: CAMERA.camera_id }).cameras.size).toBe(0)
  })

  it('of a deleted video takes its run along', () => {
    const owner = job({ run_id: RUN.run_id ?? '' })
    const next = after(after(start, 'video.job', owner), 'video.deleted', { video_id: owner.video_id })
    expect(next.videos.size).toBe(0)
    expect([...next.states.keys()]).toEqual([LIVE.table_id])
    expect(next.hazards.size).toBe(0)
  })

  it('of a type that this client does not know changes nothing', () => {
    expect(after(start, 'table.forecast', { table_id: 'x' })).toBe(start)
  })

  it('may carry states that this client does not know', () => {
    const next = after(start, 'table.state', { ...LIVE, version: 50, state: 'cleaning' })
    expect(next.states.get(LIVE.table_id)?.state).toBe('cleaning')
  })
})

describe('time', () => {
  const expiry = Date.parse(LIVE.expires_at)

  it('makes a live state unknown when it has expired', () => {
    expect(stateNow(LIVE, expiry - 1)).toBe('free')
    expect(stateNow(LIVE, expiry)).toBe('unknown')
  })

  it('does nothing to the states of a run', () => {
    expect(stateNow(RUN, Date.parse('2030-01-01T00:00:00Z'))).toBe('occupied')
  })
})

describe('the past of a run', () => {
  const key = stateKey(RUN)
  const at = (since: string, version: number, state: string) => ({ ...RUN, since, version, state })
  const changes = [
    at('2026-11-23T09:00:00.000Z', 1, 'free'),
    at('2026-11-23T09:00:39.000Z', 2, 'occupied'),
    at('2026-11-23T09:01:20.000Z', 3, 'dirty'),
  ]

  it('is in order whatever the order of arrival, with each transition once', () => {
    const refresh = { ...at('2026-11-23T09:00:39.000Z', 4, 'occupied'), reason: 'refresh' }
    const [one, two, three] = changes
    const view = [three, one, two, two, refresh].reduce((known, state) => after(known, 'table.state', state), emptyView(SITE))
    expect(view.past.get(key)?.map((state) => state.state)).toEqual(['free', 'occupied', 'dirty'])
    expect(view.states.get(key)?.version).toBe(4)
  })

  it('has the state of a table at any time', () => {
    const view = changes.reduce((known, state) => after(known, 'table.state', state), emptyView(SITE))
    expect(stateAt(view, key, Date.parse('2026-11-23T08:59:59.000Z'))).toBeNull()
    expect(stateAt(view, key, Date.parse('2026-11-23T09:00:39.000Z'))?.state).toBe('occupied')
    expect(stateAt(view, key, Date.parse('2026-11-23T09:10:00.000Z'))?.state).toBe('dirty')
    expect(stateAt(view, 'tbl_none', Date.now())).toBeNull()
  })
})
