import { describe, expect, it, vi } from 'vitest'
import { Client, type Frame } from '../src/client'
import { FrameLoader, type Frames } from '../src/frames'
import { frame, job } from './documents'

/** A server with `count` frames; a page is full when it has `limit`. */
function client(all: { count: number }): Client {
  const made = new Client()
  vi.spyOn(made, 'frames').mockImplementation((_, cursor, limit) => {
    const from = cursor === null ? 0 : Number(cursor) + 1
    const items: Frame[] = []
    for (let at = from; at < Math.min(all.count, from + limit); at++) items.push(frame(at))
    return Promise.resolve({ items, next_cursor: items.length === limit ? String(items.at(-1)?.index) : null })
  })
  return made
}

async function settled(): Promise<void> {
  for (let tick = 0; tick < 50; tick++) await Promise.resolve()
}

describe('the frames of a run', () => {
  it('grow as they are published, each once and in order', async () => {
    const all = { count: 3 }
    let seen: Frames = { items: [], more: false }
    const loader = new FrameLoader(client(all), 'vid_1', (frames) => (seen = frames), (error) => expect.fail(String(error)))
    for (const count of [3, 5, 5, 204, 410]) {
      all.count = count
      loader.onJob(job({ frames: { published: count, expected: null } }))
      await settled()
      expect(seen.items.map((each) => each.index)).toEqual([...Array(count).keys()])
    }
  })

  it('of a long run come on demand', async () => {
    const all = { count: 2000 }
    let seen: Frames = { items: [], more: false }
    const loader = new FrameLoader(client(all), 'vid_1', (frames) => (seen = frames), () => undefined)
    loader.onJob(job({ frames: { published: 2000, expected: 2000 } }))
    await settled()
    expect([seen.items.length, seen.more]).toEqual([600, true])
    loader.more()
    await settled()
    expect([seen.items.length, seen.more]).toEqual([1200, true])
  })

  it('that are published but not yet readable are waited for, without asking for ever', async () => {
    const server = client({ count: 2 })
    const loader = new FrameLoader(server, 'vid_1', () => undefined, () => undefined)
    loader.onJob(job({ frames: { published: 5, expected: 5 } }))
    await settled()
    expect(server.frames).toHaveBeenCalledTimes(2)
  })

  it('come up to a point of the run, and no further', async () => {
    let seen: Frames = { items: [], more: false }
    const loader = new FrameLoader(client({ count: 2000 }), 'vid_1', (frames) => (seen = frames), () => undefined)
    loader.onJob(job({ frames: { published: 2000, expected: 2000 } }))
    await loader.until((newest) => newest.index >= 1100)
    expect([seen.items.length, seen.more]).toEqual([1200, true])
    await loader.until((newest) => newest.index >= 5000)
    expect([seen.items.length, seen.more]).toEqual([2000, false])
  })

  it('come up to a point that is far away, and what cannot be reached is not', async () => {
    const server = client({ count: 12_000 })
    const loader = new FrameLoader(server, 'vid_1', () => undefined, () => undefined)
    loader.onJob(job({ frames: { published: 12_000, expected: 12_000 } }))
    expect(await loader.until((newest) => newest.index >= 11_900)).toBe(true)
    const broken = client({ count: 600 }) // fewer can be read than were published
    const other = new FrameLoader(broken, 'vid_1', () => undefined, () => undefined)
    other.onJob(job({ frames: { published: 900, expected: 900 } }))
    expect(await other.until((newest) => newest.index >= 800)).toBe(false)
  })

  it('have their links renewed by the page, once for all that ask meanwhile', async () => {
    const server = client({ count: 500 })
    let seen: Frames = { items: [], more: false }
    const loader = new FrameLoader(server, 'vid_1', (frames) => (seen = frames), () => undefined)
    loader.onJob(job({ frames: { published: 500, expected: 500 } }))
    await settled()
    vi.mocked(server.frames).mockClear()
    const renew = [...Array(200).keys()].map((at) => ({ ...frame(200 + at), url: `/new/${200 + at}` }))
    vi.mocked(server.frames).mockResolvedValueOnce({ items: renew, next_cursor: '399' })
    expect(await Promise.all([loader.renewed(frame(250)), loader.renewed(frame(399))])).toEqual(['/new/250', '/new/399'])
    expect(vi.mocked(server.frames).mock.calls.map(([, cursor]) => cursor)).toEqual(['199'])
    expect([seen.items.length, seen.items[250]?.url, seen.items[199]?.url]).toEqual([500, '/new/250', frame(199).url])
  })

  it('are offered again after an error', async () => {
    const server = client({ count: 300 })
    let seen: Frames = { items: [], more: false }
    const loader = new FrameLoader(server, 'vid_1', (frames) => (seen = frames), () => undefined)
    vi.mocked(server.frames).mockRejectedValueOnce(new Error('gone'))
    loader.onJob(job({ status: 'done', frames: { published: 300, expected: 300 } }))
    await settled()
    expect([seen.items.length, seen.more]).toEqual([0, true])
    loader.more()
    await settled()
    expect([seen.items.length, seen.more]).toEqual([300, false])
  })

  it('report an error when they cannot be loaded', async () => {
    const broken = new Client()
    vi.spyOn(broken, 'frames').mockRejectedValue(new Error('gone'))
    const onError = vi.fn()
    new FrameLoader(broken, 'vid_1', () => undefined, onError).onJob(job())
    await settled()
    expect(onError).toHaveBeenCalledOnce()
  })
})
