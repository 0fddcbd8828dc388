import { describe, expect, it } from 'vitest'
import { ago, bytes, clockTime, feedLine, tone, displayName } from '../src/format'
import { spans } from '../src/model'
import runState from '../../schemas/table.state/examples/v1/run.json'
import alert from '../../schemas/hazard.alert/examples/v1/run-opened.json'
import type { TableState } from '../src/generated/events'
import { job } from './documents'

const label = (id: string) => `Table ${id.slice(-1)}`

describe('formats', () => {
  it.each([
    [0, '0:00'],
    [83_400, '1:23'],
    [3_723_000, '1:02:03'],
  ])('%i ms is %s', (ms, text) => expect(clockTime(ms)).toBe(text))

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_500_000, '1.5 MB'],
    [250_000_000, '250 MB'],
    [8_000_000_000, '8.0 GB'],
  ])('%i bytes are %s', (count, text) => expect(bytes(count)).toBe(text))

  it('a time as how long ago', () => {
    const now = Date.parse('2026-11-23T12:00:00Z')
    expect(ago('2026-11-23T11:59:40Z', now)).toBe('just now')
    expect(ago('2026-11-23T11:45:00Z', now)).toBe('15 min ago')
    expect(ago('2026-11-23T09:00:00Z', now)).toBe('3 h ago')
  })

  it('an enum value of a later version by its name', () => {
    expect(displayName('awaiting_bill')).toBe('Awaiting bill')
    expect(tone('awaiting_bill')).toBe('unknown')
    expect(tone('dirty')).toBe('dirty')
  })
})

describe('the feed', () => {
  it('has a transition of a table', () => {
    const line = feedLine({ type: 'table.state', data: runState.value }, label)
    expect(line).toMatchObject({ text: 'Table 7: Free → Occupied (video)', tone: 'occupied' })
  })

  it('calls a table by the name in the event, before its layout is known', () => {
    const live = { ...runState.value, run_id: null, label: '12' }
    const unknown = () => 'Table 56d0'
    expect(feedLine({ type: 'table.state', data: live }, unknown)?.text).toBe('Table 12: Free → Occupied')
    const spill = { ...alert.value, run_id: null, near_table_labels: ['5'] }
    expect(feedLine({ type: 'hazard.alert', data: spill }, unknown)?.text).toBe('Spill near Table 5: opened')
  })

  it('has a hazard with its place', () => {
    expect(feedLine({ type: 'hazard.alert', data: alert.value }, label)?.text).toBe('Spill near Table 7: opened (video)')
  })

  it('has the status of a job, and its error', () => {
    expect(feedLine({ type: 'video.job', data: job() }, label)?.text).toBe('demo.mp4: working: pictures')
    const error = { code: 'not_a_video', reason: 'No.', retryable: false }
    const failed = feedLine({ type: 'video.job', data: job({ status: 'failed', error }) }, label)
    expect(failed).toMatchObject({ text: 'demo.mp4: failed (not_a_video)', tone: 'hazard' })
  })

  it('names the camera whose status changed', () => {
    const data = { camera_id: 'cam_1', status: 'frozen', reason: 'Restart it.' }
    expect(feedLine({ type: 'camera.status', data }, label, () => 'Window')?.text).toBe('Window: frozen. Restart it.')
  })

  it('says what state a camera has come to', () => {
    const text = (state: string) => feedLine({ type: 'camera.state', data: { camera_id: 'cam_1', state } }, label, () => 'Bar')?.text
    expect(text('live')).toBe('Bar is live')
    expect(text('verifying')).toBe('Bar is switched on, and its first picture is waited for')
    expect(text('verified')).toBe('Bar sends pictures: draw its tables')
    expect(text('resting')).toBe('Bar is resting')
  })

  it('has no line for a snapshot, and one for types of later versions', () => {
    expect(feedLine({ type: 'snapshot', data: {} }, label)).toBeNull()
    expect(feedLine({ type: 'camera.config', data: {} }, label)).toBeNull()
    expect(feedLine({ type: 'site.changed', data: { name: 'Harbour' } }, label)?.text).toBe('The settings of Harbour were changed')
    expect(feedLine({ type: 'table.forecast', data: {} }, label)?.text).toBe('Table forecast')
  })
})

describe('a timeline', () => {
  const origin = Date.parse('2026-11-23T09:00:00Z')
  const at = (second: number, state: string, version: number) =>
    ({ ...runState.value, state, version, since: new Date(origin + second * 1000).toISOString() }) as TableState

  it('has the share of the video that each state took, the last one to the end', () => {
    const found = spans([at(0, 'free', 1), at(30, 'occupied', 2), at(90, 'dirty', 3)], origin, 120_000, Infinity)
    expect(found.map(({ state, from, to }) => [state, from, to])).toEqual([
      ['free', 0, 0.25],
      ['occupied', 0.25, 0.75],
      ['dirty', 0.75, 1],
    ])
  })

  it('of a run under way ends where the conclusions do', () => {
    const found = spans([at(0, 'free', 1), at(30, 'occupied', 2)], origin, 120_000, origin + 60_000)
    expect(found.map(({ from, to }) => [from, to])).toEqual([
      [0, 0.25],
      [0.25, 0.5],
    ])
  })

  it('stays within the video', () => {
    const [span] = spans([at(-30, 'free', 1)], origin, 120_000, Infinity)
    expect([span?.from, span?.to]).toEqual([0, 1])
  })
})
