// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import liveState from '../../schemas/table.state/examples/v1/live.json'
import { Client, Problem, type StreamOptions, type Table } from '../src/client'
import type { TableState } from '../src/generated/events'
import { Store } from '../src/store'
import { EMPTY_SNAPSHOT, job } from './documents'

const streams = vi.hoisted(() => [] as StreamOptions[])
vi.mock('../src/client/shared', () => ({
  openSharedStream: (options: StreamOptions) => {
    streams.push(options)
    return () => undefined
  },
}))

const STATE = { ...liveState.value, site_id: 'site_1', run_id: null } as TableState
const TABLE: Table = { table_id: STATE.table_id, site_id: 'site_1', camera_id: 'cam_1', section_id: null, label: '4', seats: 2, created_at: '', retired_at: null }
const SITES = ['site_1', 'site_2'].map((site_id) => ({ site_id, name: site_id, timezone: 'UTC', version: 1 }))

async function opened(sites = SITES) {
  const client = new Client()
  const asked = {
    sites: vi.spyOn(client, 'sites').mockResolvedValue(sites),
    cameras: vi.spyOn(client, 'cameras').mockResolvedValue([]),
    tables: vi.spyOn(client, 'tables').mockResolvedValue([TABLE]),
    sections: vi.spyOn(client, 'sections').mockResolvedValue([]),
  }
  const ended = vi.fn()
  const store = new Store(client, { key_id: 'key_1', scopes: ['read'] }, ended)
  stop = store.start()
  await vi.waitFor(() => expect(store.begun.value).toBe(true))
  if (sites.length) await vi.waitFor(() => expect(store.listed.value).toBe(true))
  const receive = (type: string, data: unknown) => streams.at(-1)?.onEvent({ type, data }, 'e-1')
  return { store, asked, ended, receive }
}

let stop = () => {}
beforeEach(() => {
  localStorage.clear()
  streams.length = 0
})
afterEach(() => stop())

describe('a store', () => {
  it('opens the site that was shown last, or the first', async () => {
    expect((await opened()).store.siteId.value).toBe('site_1')
    localStorage.setItem('tablewatch-site', 'site_2')
    expect((await opened()).store.siteId.value).toBe('site_2')
    expect((await opened([])).store.siteId.value).toBe('')
  })

  it('asks again for the lists that an event makes old, and only for these', async () => {
    const { asked, receive } = await opened()
    for (const list of Object.values(asked)) list.mockClear()
    receive('camera.config', {})
    receive('section.changed', {})
    expect([asked.cameras, asked.tables, asked.sections].map((list) => list.mock.calls.length)).toEqual([1, 1, 1])
    receive('table.state', STATE)
    expect(asked.tables).toHaveBeenCalledTimes(1)
    receive('table.state', { ...STATE, table_id: 'tbl_new' })
    expect(asked.tables).toHaveBeenCalledTimes(2)
  })

  it('writes a line for what changed, and none for what was only confirmed', async () => {
    const { store, receive } = await opened()
    receive('snapshot', { ...EMPTY_SNAPSHOT, states: [{ ...STATE, state: 'free' }] })
    receive('table.state', { ...STATE, state: 'occupied', previous_state: 'free', version: STATE.version + 1 })
    receive('table.state', { ...STATE, state: 'occupied', previous_state: 'free', version: STATE.version + 2 })
    receive('video.job', job())
    receive('video.job', job({ progress: 60 }))
    expect(store.feed.value.map((line) => line.text)).toEqual(['demo.mp4: working: frames', expect.stringMatching(/: Free → Occupied$/)])
  })

  it('ends with the session, and shows other problems with their code', async () => {
    const { store, ended } = await opened()
    store.fail(new Problem(503, 'unavailable', 'Away', 'The database is away.'))
    expect(store.toast.value).toBe('The database is away. (unavailable)')
    expect(ended).not.toHaveBeenCalled()
    store.fail(new Problem(401, 'key_expired', 'Expired', 'It has expired.'))
    expect(ended).toHaveBeenCalledWith('The session has ended. Sign in again.')
  })
})
