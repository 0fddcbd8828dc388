// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import liveState from '../../schemas/table.state/examples/v1/live.json'
import { Client, Problem, type StreamOptions, type StreamState, type Table } from '../src/client'
import type { TableState } from '../src/generated/events'
import { Store } from '../src/store'
import { EMPTY_SNAPSHOT, job } from './documents'

const streams = vi.hoisted(() => [] as StreamOptions[])
const shared = vi.hoisted(() => [] as string[])
vi.mock('../src/client/shared', () => ({
  openSharedStream: (options: StreamOptions) => {
    streams.push(options)
    return Object.assign(() => undefined, { watch: () => undefined, pause: () => shared.push('paused'), goOn: () => shared.push('on') })
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
  shared.length = 0
})
afterEach(() => stop())

describe('a store', () => {
  it('opens the site that was shown last, or the first', async () => {
    expect((await opened()).store.siteId.value).toBe('site_1')
    localStorage.setItem('tablewatch-site', 'site_2')
    expect((await opened()).store.siteId.value).toBe('site_2')
    expect((await opened([])).store.siteId.value).toBe('')
  })

  it('is ready for a view once its lists and its snapshot have come, or neither comes', async () => {
    const { store, receive } = await opened()
    expect(store.ready.value).toBe(false)
    receive('snapshot', EMPTY_SNAPSHOT)
    expect(store.ready.value).toBe(true)
    store.open('site_2')
    await vi.waitFor(() => expect(store.listed.value).toBe(true))
    expect(store.ready.value).toBe(false)
    streams.at(-1)?.onState?.('waiting')
    expect(store.ready.value, 'without a stream the lists are shown').toBe(true)
    streams.at(-1)?.onState?.('connecting')
    expect(store.ready.value, 'what is shown stays').toBe(true)
  })

  it('is ready with its lists alone where the stream brings nothing for some seconds', async () => {
    vi.useFakeTimers()
    try {
      const { store } = await opened()
      await vi.advanceTimersByTimeAsync(4000)
      expect(store.ready.value).toBe(false)
      await vi.advanceTimersByTimeAsync(1000)
      expect(store.ready.value).toBe(true)
    } finally {
      vi.useRealTimers()
    }
  })

  it('leaves a site that is deleted, and only takes another one from the list', async () => {
    const { store, asked, receive } = await opened()
    receive('snapshot', EMPTY_SNAPSHOT)
    receive('site.deleted', { site_id: 'site_2' })
    expect([store.sites.value.length, store.ready.value, asked.sites.mock.calls.length]).toEqual([1, true, 1])
    asked.sites.mockResolvedValue(SITES.slice(1))
    receive('site.deleted', { site_id: 'site_1' })
    await vi.waitFor(() => expect(store.siteId.value).toBe('site_2'))
  })

  it('begins where the device stores nothing', async () => {
    const off = () => {
      throw new DOMException('Off', 'SecurityError')
    }
    const storage = [vi.spyOn(Storage.prototype, 'getItem').mockImplementation(off), vi.spyOn(Storage.prototype, 'setItem').mockImplementation(off)]
    try {
      expect((await opened()).store.siteId.value).toBe('site_1')
    } finally {
      storage.forEach((each) => each.mockRestore())
    }
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
    await vi.waitFor(() => expect(asked.tables).toHaveBeenCalledTimes(2))
  })

  it('asks for all lists again where a snapshot comes in place of missed events', async () => {
    const { asked, receive } = await opened()
    for (const list of Object.values(asked)) list.mockClear()
    receive('snapshot', EMPTY_SNAPSHOT)
    expect(asked.cameras).not.toHaveBeenCalled()
    receive('snapshot', { ...EMPTY_SNAPSHOT, reason: 'reset' })
    expect([asked.cameras, asked.tables, asked.sections].map((list) => list.mock.calls.length)).toEqual([1, 1, 1])
  })

  it('asks for a list once at a time: the last answer is the newest', async () => {
    const { store, asked, receive } = await opened()
    const answers: ((tables: Table[]) => void)[] = []
    asked.tables.mockClear().mockImplementation(() => new Promise((resolve) => answers.push(resolve)))
    for (let event = 0; event < 3; event++) receive('camera.config', {})
    expect(asked.tables).toHaveBeenCalledTimes(1)
    answers[0]?.([])
    await vi.waitFor(() => expect(asked.tables).toHaveBeenCalledTimes(2))
    answers[1]?.([TABLE, { ...TABLE, table_id: 'tbl_2' }])
    await vi.waitFor(() => expect(store.tables.value).toHaveLength(2))
    expect(asked.tables).toHaveBeenCalledTimes(2)
  })

  describe('whose server fails', () => {
    beforeEach(() => void vi.useFakeTimers())
    afterEach(() => void vi.useRealTimers())
    const AWAY = new Problem(503, 'unavailable', 'Away', 'The database is away.')
    const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

    function failing(list: 'sites' | 'tables', times: number) {
      const client = new Client()
      const asked = {
        sites: vi.spyOn(client, 'sites').mockResolvedValue(SITES),
        cameras: vi.spyOn(client, 'cameras').mockResolvedValue([]),
        tables: vi.spyOn(client, 'tables').mockResolvedValue([TABLE]),
        sections: vi.spyOn(client, 'sections').mockResolvedValue([]),
      }
      for (let time = 0; time < times; time++) asked[list].mockRejectedValueOnce(AWAY)
      const store = new Store(client, { key_id: 'key_1', scopes: ['read'] }, () => undefined)
      stop = store.start()
      return { store, asked }
    }

    it('says so, and does not say that there are no tables, until they are answered', async () => {
      const { store, asked } = failing('tables', 2)
      await pass(0)
      expect([store.listed.value, store.toast.value]).toEqual([false, 'The database is away. (unavailable)'])
      await pass(1000)
      expect([asked.tables.mock.calls.length, store.listed.value]).toEqual([2, false])
      await pass(1999)
      expect(asked.tables).toHaveBeenCalledTimes(2)
      await pass(1)
      expect([store.tables.value, store.listed.value]).toEqual([[TABLE], true])
      expect(asked.cameras).toHaveBeenCalledTimes(1)
    })

    it('is ready without a list that cannot be answered', async () => {
      const { store, asked } = await opened()
      asked.tables.mockRejectedValue(new Problem(503, 'unavailable', 'A part is away', 'Try again.'))
      store.open('site_2')
      streams.at(-1)?.onEvent({ type: 'snapshot', data: EMPTY_SNAPSHOT }, 'e-1')
      await vi.waitFor(() => expect(store.ready.value).toBe(true))
      expect(store.listed.value).toBe(false)
    })

    it('does not ask again for the lists of a site that is left', async () => {
      const { store, asked } = failing('tables', 1)
      await pass(0)
      store.open('site_2')
      await pass(60_000)
      expect(asked.tables.mock.calls).toEqual([['site_1'], ['site_2']])
    })

    it('begins once the sites are answered, and says what it waits for', async () => {
      const { store } = failing('sites', 1)
      await pass(0)
      expect([store.begun.value, store.problem.value]).toEqual([false, 'The database is away. (unavailable)'])
      await pass(1000)
      expect([store.begun.value, store.siteId.value]).toEqual([true, 'site_1'])
    })
  })

  it('writes a line for what changed, and none for what was only confirmed', async () => {
    const { store, receive } = await opened()
    receive('snapshot', { ...EMPTY_SNAPSHOT, states: [{ ...STATE, state: 'free' }] })
    receive('table.state', { ...STATE, state: 'occupied', previous_state: 'free', version: STATE.version + 1 })
    receive('table.state', { ...STATE, state: 'occupied', previous_state: 'free', version: STATE.version + 2 })
    receive('video.job', job())
    receive('video.job', job({ progress: 60 }))
    expect(store.feed.value.map((line) => line.text)).toEqual(['demo.mp4: working: pictures', expect.stringMatching(/: Free → Occupied$/)])
  })

  it('ends with the session, and shows other problems with their code', async () => {
    const { store, ended } = await opened()
    store.fail(new Problem(503, 'unavailable', 'Away', 'The database is away.'))
    expect(store.toast.value).toBe('The database is away. (unavailable)')
    expect(ended).not.toHaveBeenCalled()
    store.fail(new Problem(401, 'key_expired', 'Expired', 'It has expired.'))
    expect(ended).toHaveBeenCalledWith('The session has ended. Sign in again.')
  })

  it('is paused, and goes on with another session: what it shows stays, and its lists are asked for again', async () => {
    const { store, asked, receive } = await opened()
    receive('snapshot', { ...EMPTY_SNAPSHOT, states: [STATE] })
    store.goOn(store.session)
    expect(shared).toEqual([])
    store.pause()
    asked.tables.mockClear()
    const session = { key_id: 'key_2', scopes: ['read'] as const }
    store.goOn({ ...session, scopes: [...session.scopes] })
    expect([shared, store.session.key_id, store.view.value.states.size]).toEqual([['paused', 'on'], 'key_2', 1])
    expect([asked.tables.mock.calls.length, asked.sites.mock.calls.length]).toEqual([1, 1])
  })

  it('knows since when the connection is lost, once it has shown something', async () => {
    const { store } = await opened()
    const become = (state: StreamState) => streams.at(-1)?.onState?.(state)
    vi.spyOn(store.client, 'session').mockResolvedValue(store.session)
    become('connecting')
    expect(store.lostAt.value).toBeNull()
    become('live')
    become('connecting')
    const since = store.lostAt.value
    expect(since).not.toBeNull()
    become('waiting')
    expect(store.lostAt.value).toBe(since)
    become('live')
    expect(store.lostAt.value).toBeNull()
  })
})
