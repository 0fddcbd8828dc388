import { describe, expect, it, vi } from 'vitest'
import { Client, Problem } from '../src/client'

function answering(...answers: [number, unknown][]) {
  const send = vi.fn<typeof fetch>()
  for (const [status, body] of answers) {
    send.mockResolvedValueOnce(new Response(body === undefined ? null : JSON.stringify(body), { status }))
  }
  return send
}

describe('the client', () => {
  it('sends its key as bearer, and nothing without one', async () => {
    const send = answering([200, { items: [], next_cursor: null }], [200, { items: [], next_cursor: null }])
    await new Client({ base: 'http://api', key: 'twk_a_b', fetch: send }).sites()
    await new Client({ fetch: send }).sites()
    expect(send.mock.calls[0]?.[0]).toBe('http://api/v1/sites')
    expect(send.mock.calls[0]?.[1]?.headers).toEqual({ authorization: 'Bearer twk_a_b' })
    expect(send.mock.calls[1]?.[1]?.headers).toEqual({})
  })

  it('reads a list to its end', async () => {
    const send = answering(
      [200, { items: [{ camera_id: 'a' }], next_cursor: 'x/y' }],
      [200, { items: [{ camera_id: 'b' }], next_cursor: null }],
    )
    const cameras = await new Client({ fetch: send }).cameras('site 1')
    expect(cameras.map((camera) => camera.camera_id)).toEqual(['a', 'b'])
    expect(send.mock.calls.map(([url]) => url)).toEqual([
      '/v1/cameras?site_id=site%201',
      '/v1/cameras?site_id=site%201&cursor=x%2Fy',
    ])
  })

  it('says of a change without an answer that it was most likely not done, and of a question only that there is none', async () => {
    const client = new Client({ fetch: () => Promise.reject(new TypeError('Failed to fetch')) })
    await expect(client.changeSite('site_1', { name: 'Bar' })).rejects.toMatchObject({ code: 'unreachable', detail: expect.stringContaining('most likely not done') })
    await expect(client.sites()).rejects.toMatchObject({ code: 'unreachable', detail: 'The server does not answer. Is it running?' })
  })

  it('turns a problem document into an error with its code and advice', async () => {
    const problem = { type: 'x', title: 'Not allowed', status: 403, code: 'scope_missing', detail: 'Ask for a key.' }
    const refused = new Client({ fetch: answering([403, problem]) }).job('vid_1')
    await expect(refused).rejects.toMatchObject({ status: 403, code: 'scope_missing', message: 'Ask for a key.' })
    await expect(refused).rejects.toBeInstanceOf(Problem)
  })

  it('has a code for answers that are no problem documents, and for none at all', async () => {
    const html = vi.fn<typeof fetch>().mockResolvedValue(new Response('<h1>Bad gateway</h1>', { status: 502 }))
    await expect(new Client({ fetch: html }).sites()).rejects.toMatchObject({ status: 502, code: 'http_502' })
    const dead = vi.fn<typeof fetch>().mockRejectedValue(new TypeError('fetch failed'))
    await expect(new Client({ fetch: dead }).sites()).rejects.toMatchObject({ status: 0, code: 'unreachable' })
  })

  it('begins a dry run of the newest layout, or of tables that are not saved, and reads it', async () => {
    const run = { camera_id: 'cam_1', dry_run_id: 'dry_1' }
    const send = answering([202, run], [202, run], [200, run])
    const client = new Client({ fetch: send })
    const layout = { reference: { width: 2, height: 1 }, tables: [], floor: [], ignore: [] }
    await client.beginDryRun('cam_1')
    await client.dryRun(await client.beginDryRun('cam_1', layout, 30, 'once'))
    expect(send.mock.calls.map(([url]) => url)).toEqual([
      '/v1/cameras/cam_1/dry-runs',
      '/v1/cameras/cam_1/dry-runs',
      '/v1/cameras/cam_1/dry-runs/dry_1',
    ])
    expect(send.mock.calls.slice(0, 2).map(([, request]) => JSON.parse(String(request?.body)))).toEqual([
      { seconds: 60 },
      { seconds: 30, layout },
    ])
    expect(send.mock.calls.slice(0, 2).map(([, request]) => new Headers(request?.headers).get('idempotency-key'))).toEqual([null, 'once'])
  })

  it('takes an answer without a body', async () => {
    await expect(new Client({ fetch: answering([204, undefined]) }).signOut()).resolves.toBeUndefined()
  })

  it('asks for the live history, or for that of a run', async () => {
    const page = { items: [], next_cursor: null }
    const send = answering([200, page], [200, page])
    const client = new Client({ fetch: send })
    await client.stateHistory({ tableId: 'tbl_1', runId: null, limit: 5 })
    await client.stateHistory({ runId: 'run_1' })
    expect(send.mock.calls.map(([url]) => url)).toEqual([
      '/v1/states/history?table_id=tbl_1&live=true&limit=5',
      '/v1/states/history?run_id=run_1&limit=1000',
    ])
  })
})

it('a request that is never answered fails after a minute', async () => {
  vi.useFakeTimers()
  const client = new Client({ fetch: () => new Promise(() => undefined) })
  const asked = expect(client.session()).rejects.toMatchObject({ code: 'unreachable' })
  await vi.advanceTimersByTimeAsync(60_000)
  await asked
  vi.useRealTimers()
})
