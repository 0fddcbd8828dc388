// @vitest-environment jsdom
import { describe, expect, it, vi } from 'vitest'
import { Client, type StateTransition } from '../src/client'
import { historyOf, why } from '../src/panels/history'

const TRANSITION: StateTransition = {
  table_id: 'tbl_1',
  site_id: 'site_1',
  run_id: 'run_1',
  camera_ids: ['cam_1'],
  version: 2,
  state: 'occupied',
  previous_state: 'free',
  confidence: 0.88,
  as_of: '2026-11-23T09:01:00.000Z',
  since: '2026-11-23T09:00:39.000Z',
  expires_at: '2026-11-23T09:02:00.000Z',
  until: '2026-11-23T09:01:39.000Z',
  duration_ms: 60_000,
  reason: 'evidence',
  evidence: {
    evidence_ids: ['e'],
    frame_ids: ['run_1-000000039'],
    people: 2,
    model: { name: 'coco-ssd', version: '1' },
    layout_version: 1,
  },
  last: false,
}
const ORIGIN = Date.parse('2026-11-23T09:00:00Z')

async function opened(client: Client, runId: string | null = 'run_1') {
  const history = historyOf(client, () => ({ tableId: 'tbl_1', runId, origin: runId ? ORIGIN : null }))
  history.element.open = true
  await vi.waitFor(() => expect(history.element.textContent).not.toMatch(/^History(Reading…)?$/))
  return history.element
}

describe('the history of a table', () => {
  it('is fetched when it is opened, and shows when, how long and why', async () => {
    const client = new Client()
    const stateHistory = vi.spyOn(client, 'stateHistory').mockResolvedValue([TRANSITION])
    const element = await opened(client)
    expect(stateHistory.mock.calls).toEqual([[{ tableId: 'tbl_1', runId: 'run_1', limit: 10 }]])
    const text = [...element.querySelectorAll('li')].map((each) => each.textContent)
    expect(text).toEqual(['0:39Occupiedfor 1:00; evidence (1 frame by coco-ssd), 2 people, 88 % sureShow the frame'])
  })

  it('shows the frame that it was seen in, or that it is gone', async () => {
    const client = new Client()
    vi.spyOn(client, 'stateHistory').mockResolvedValue([TRANSITION])
    const link = vi.spyOn(client, 'link').mockRejectedValueOnce(new Error('gone'))
    const element = await opened(client)
    element.querySelector('button')?.click()
    await vi.waitFor(() => expect(element.textContent).toContain('was deleted'))
    link.mockResolvedValue({ object_key: 'k', url: 'http://api/x', expires_at: '', size_bytes: 1 })
    const reopened = await opened(client)
    reopened.querySelector('button')?.click()
    await vi.waitFor(() => expect(reopened.querySelector('img')?.getAttribute('src')).toBe('http://api/x'))
    expect(link.mock.calls[1]).toEqual([{ frame_id: 'run_1-000000039' }])
  })

  it('shows an error, and that it is empty', async () => {
    const client = new Client()
    vi.spyOn(client, 'stateHistory').mockRejectedValueOnce(new Error('No answer')).mockResolvedValueOnce([])
    expect((await opened(client)).textContent).toContain('No answer')
    expect((await opened(client, null)).textContent).toContain('Nothing is recorded')
  })

  it('has words for what was not seen', () => {
    const none = { evidence_ids: [], frame_ids: [], people: null, model: null, layout_version: null }
    expect(why({ reason: 'stale', confidence: 0, evidence: none })).toBe('stale')
  })
})

describe('the client', () => {
  it('asks for the live history or for that of a run', async () => {
    const asked: string[] = []
    const answer = () => new Response(JSON.stringify({ items: [], next_cursor: null }))
    const client = new Client({
      fetch: async (url) => {
        asked.push(String(url))
        return answer()
      },
    })
    await client.stateHistory({ tableId: 'tbl_1', runId: null, limit: 5 })
    await client.stateHistory({ runId: 'run_1' })
    expect(asked).toEqual([
      '/v1/states/history?table_id=tbl_1&live=true&limit=5',
      '/v1/states/history?run_id=run_1&limit=1000',
    ])
  })
})
