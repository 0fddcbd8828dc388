// @vitest-environment jsdom
import { act } from 'preact/test-utils'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { Client, fingerprint, Problem, type NewVideo, type Upload, type UploadOptions } from '../src/client'
import { refusalOf } from '../src/chosen-file'
import { UploadCard } from '../src/parts/upload'
import { Uploads } from '../src/uploads'
import { job } from './documents'
import { show } from './show'

interface Started {
  options: UploadOptions
  /** The video is created, its file is being sent. */
  begin: () => Promise<void>
  /** The video is not created. */
  refuse: (error: Error) => Promise<void>
  upload: Upload
  finish: () => void
  fail: (error: Error) => void
}
const started = vi.hoisted(() => [] as Started[])
const length = vi.hoisted(() => vi.fn<() => Promise<number | null>>())
vi.mock('../src/chosen-file', async (original) => ({ ...(await original<typeof import('../src/chosen-file')>()), lengthOf: length }))
vi.mock('../src/client/upload', async (original) => ({
  ...(await original<typeof import('../src/client/upload')>()),
  startUpload: (options: UploadOptions) =>
    new Promise<Upload>((resolve, reject) => {
      let [finish, fail] = [() => {}, (_: Error) => {}]
      const done = new Promise<void>((end, failed) => ([finish, fail] = [end, failed]))
      const abort = vi.fn(() => Promise.resolve())
      const upload = { videoId: options.file.name, resumed: false, pause: vi.fn(), resume: vi.fn(), abort, done }
      started.push({ options, upload, finish, fail, begin: () => (resolve(upload), settled()), refuse: (error) => (reject(error), settled()) })
    }),
}))

const SITE: NewVideo = { site_id: 'site_1' }
const settled = () => new Promise<void>((next) => setTimeout(next, 5))
const names = () => started.map((each) => each.options.file.name)

function made() {
  const client = new Client()
  const cancel = vi.spyOn(client, 'cancel').mockResolvedValue(undefined)
  vi.spyOn(client, 'job').mockResolvedValue(job({ status: 'awaiting_file', stage: 'upload' }))
  const uploads = new Uploads(client, () => undefined)
  const send = (...files: string[]) => uploads.add(files.map((name) => new File(['x'], name, { lastModified: 1 })), SITE)
  const row = (name: string) => {
    const found = uploads.rows.value.find((each) => each.file.name === name)
    if (!found) throw new Error(`There is no row of ${name}.`)
    return found
  }
  const states = () => uploads.rows.value.map((each) => `${each.file.name} ${each.state.value}`)
  return { client, uploads, cancel, send, row, states }
}

beforeEach(() => {
  started.length = 0
  length.mockResolvedValue(null)
  localStorage.clear()
})

describe('several uploads', () => {
  it('are sent two at a time, the others when one of them is', async () => {
    const { uploads, send, states } = made()
    send('one.mp4', 'two.mp4', 'three.mp4', 'four.mp4')
    expect(names()).toEqual(['one.mp4', 'two.mp4'])
    expect(states()).toEqual(['one.mp4 preparing', 'two.mp4 preparing', 'three.mp4 waiting', 'four.mp4 waiting'])
    await started[0]?.begin()
    started[0]?.finish()
    await settled()
    expect(states()).toEqual(['two.mp4 preparing', 'three.mp4 preparing', 'four.mp4 waiting'])
    expect([uploads.underWay.value, uploads.waiting.value, uploads.sent.value]).toEqual([2, 1, 1])
  })

  it('go on beside one that is refused, or fails', async () => {
    const { send, row, states } = made()
    send('cut.mp4', 'one.mp4', 'two.mp4')
    await started[0]?.begin()
    started[0]?.fail(new Problem(422, 'truncated', 'Cut off.', 'Cut off.'))
    await settled()
    expect([row('cut.mp4').problem.value, row('cut.mp4').canRetry.value]).toEqual(['Cut off. (truncated)', false])
    expect(states()).toEqual(['cut.mp4 failed', 'one.mp4 preparing', 'two.mp4 preparing'])
  })

  it('do not wait for one that is paused; it waits for its turn when it goes on', async () => {
    const { uploads, send, row, states } = made()
    send('one.mp4', 'two.mp4', 'three.mp4')
    for (const each of [...started]) await each.begin()
    uploads.pause(row('one.mp4'))
    expect(states()).toEqual(['one.mp4 paused', 'two.mp4 sending', 'three.mp4 preparing'])
    uploads.goOn(row('one.mp4'))
    expect([row('one.mp4').state.value, started[0]?.upload.resume]).toEqual(['waiting', expect.not.toSatisfy(called)])
    started[1]?.finish()
    await settled()
    expect([row('one.mp4').state.value, started[0]?.upload.resume]).toEqual(['sending', expect.toSatisfy(called)])
    started[0]?.finish()
    await settled()
    expect(states()).toEqual(['three.mp4 preparing'])
  })

  it('wait for the connection where it is lost, and go on when it is back', async () => {
    const { uploads, send, states } = made()
    const stop = uploads.start()
    send('one.mp4', 'two.mp4', 'three.mp4')
    await started[0]?.begin()
    await started[1]?.begin()
    for (const each of [...started]) each.fail(new Problem(0, 'unreachable', 'The connection is lost.', ''))
    await settled()
    await settled()
    expect([states(), started.length]).toEqual([['one.mp4 waiting', 'two.mp4 waiting', 'three.mp4 waiting'], 2])
    dispatchEvent(new Event('online'))
    expect([states(), started.length]).toEqual([['one.mp4 preparing', 'two.mp4 preparing', 'three.mp4 waiting'], 4])
    stop()
  })

  it('wait for somebody to sign in where the session has ended before the first byte', async () => {
    const { uploads, send, states } = made()
    send('one.mp4', 'two.mp4', 'three.mp4')
    for (const each of [...started]) await each.refuse(new Problem(401, 'signed_out', 'Signed out', ''))
    expect([states(), started.length]).toEqual([['one.mp4 waiting', 'two.mp4 waiting', 'three.mp4 waiting'], 2])
    uploads.reconnect()
    expect(started.length).toBe(4)
  })

  it('of the same file are one', () => {
    const { send, states } = made()
    send('one.mp4', 'one.mp4')
    send('one.mp4')
    expect(states()).toEqual(['one.mp4 preparing'])
  })

  it('keep the page open while something is sent or waits, and no longer', async () => {
    const { uploads, send, row } = made()
    const stop = uploads.start()
    const asks = () => !dispatchEvent(new Event('beforeunload', { cancelable: true }))
    expect(asks()).toBe(false)
    send('one.mp4')
    expect(asks()).toBe(true)
    await started[0]?.begin()
    uploads.pause(row('one.mp4'))
    expect(asks()).toBe(false)
    uploads.goOn(row('one.mp4'))
    expect(asks()).toBe(true)
    stop()
    expect([asks(), uploads.rows.value]).toEqual([false, []])
    expect(started[0]?.upload.pause).toHaveBeenCalledTimes(2)
  })
})

describe('one of them', () => {
  it('that is cancelled while it is prepared is cancelled once it has begun', async () => {
    const { uploads, cancel, send, row } = made()
    send('one.mp4')
    await uploads.cancel(row('one.mp4'))
    expect([uploads.rows.value, cancel.mock.calls]).toEqual([[], []])
    await started[0]?.begin()
    expect(started[0]?.upload.abort).toHaveBeenCalledOnce()
    expect(cancel.mock.calls).toEqual([['one.mp4']])
  })

  it('that is cancelled while it is sent is stopped, its video cancelled, and the next one begins', async () => {
    const { uploads, cancel, send, row } = made()
    send('one.mp4', 'two.mp4', 'three.mp4')
    await started[0]?.begin()
    await uploads.cancel(row('one.mp4'))
    expect(started[0]?.upload.abort).toHaveBeenCalledOnce()
    expect(cancel.mock.calls).toEqual([['one.mp4']])
    expect(names()).toEqual(['one.mp4', 'two.mp4', 'three.mp4'])
  })

  it('is tried again after the connection was lost', async () => {
    const { uploads, send, row } = made()
    send('one.mp4')
    await started[0]?.begin()
    started[0]?.fail(new Problem(0, 'unreachable', 'The connection is lost.', ''))
    await settled()
    expect([row('one.mp4').state.value, row('one.mp4').cutOff.value]).toEqual(['waiting', true])
    uploads.reconnect()
    await started[1]?.begin()
    expect([row('one.mp4').state.value, row('one.mp4').cutOff.value]).toEqual(['sending', false])
  })

  it('is not begun with a file that is empty or no video, and says so', async () => {
    const { uploads } = made()
    uploads.add([new File(['x'], 'menu.pdf', { type: 'application/pdf' }), new File([], 'evening.mp4'), new File(['x'], 'noon.mp4')], SITE)
    expect(uploads.rows.value.map((row) => row.problem.value)).toEqual([
      expect.stringContaining('menu.pdf is no video'),
      expect.stringContaining('evening.mp4 is empty'),
      '',
    ])
    expect(names()).toEqual(['noon.mp4'])
  })

  it('is of any file that a browser or its name calls a video, and has its length', async () => {
    const { send, row } = made()
    length.mockResolvedValueOnce(90_000)
    send('evening.MKV')
    await vi.waitFor(() => expect(row('evening.MKV').length.value).toBe(90_000))
    const refused = (name: string, type: string) => refusalOf({ name, size: 1, type }) !== null
    expect([refused('clip', 'video/quicktime'), refused('evening.dav', ''), refused('evening.h264', 'application/octet-stream'), refused('evening.ts', 'text/vnd.trolltech.linguist')]).toEqual([false, false, false, false])
    expect([refused('room.jpg', 'image/jpeg'), refused('menu.txt', 'text/plain'), refused('song.mp3', 'audio/mpeg')]).toEqual([true, true, true])
  })
})

describe('a recording', () => {
  const recorded = () => new File(['x'], 'recording.webm', { lastModified: 1 })

  it('keeps the page open until it is sent, in every state', async () => {
    const { uploads } = made()
    uploads.add([recorded()], SITE, true)
    await started[0]?.begin()
    started[0]?.fail(new Problem(422, 'truncated', 'Cut off.', 'Cut off.'))
    await settled()
    expect([uploads.rows.value[0]?.state.value, uploads.unsent.value]).toEqual(['failed', true])
  })

  it('can be kept, and is given up only after a question', async () => {
    const { uploads } = made()
    const asked = vi.fn(() => false)
    vi.stubGlobal('confirm', asked)
    const root = show(<UploadCard uploads={uploads} siteId="site_1" cameras={[]} />)
    await act(() => uploads.add([recorded()], SITE, true))
    const buttons = [...root.querySelectorAll<HTMLButtonElement>('.sending button')]
    expect(buttons.map((each) => each.textContent)).toEqual(['Keep a copy', 'Cancel'])
    buttons[1]?.click()
    vi.unstubAllGlobals()
    expect([asked.mock.calls.length, uploads.rows.value.length]).toEqual([1, 1])
  })

  it('is sent without the time of its beginning where that is refused', async () => {
    const { uploads } = made()
    uploads.add([recorded()], { ...SITE, started_at: '2999-01-01T00:00:00Z' }, true)
    await started[0]?.refuse(new Problem(422, 'started_at_invalid', 'Not possible', '', '/started_at'))
    expect(started.map((each) => each.options.video)).toEqual([{ ...SITE, started_at: '2999-01-01T00:00:00Z' }, SITE])
    expect(started[0]?.options.once).not.toBe(started[1]?.options.once)
  })

  it('is not offered to be chosen again after the page was closed', async () => {
    const { uploads } = made()
    localStorage.setItem(fingerprint(recorded(), SITE), JSON.stringify({ videoId: 'vid_1', door: { token: 't', expires_at: '2999-01-01T00:00:00Z' }, inMemory: true }))
    const root = show(<UploadCard uploads={uploads} siteId="site_1" cameras={[]} />)
    await act(() => uploads.lookForUnfinished())
    expect([...root.querySelectorAll('.unfinished h3')].map((each) => each.textContent)).toEqual(['Recordings that were not sent'])
  })
})

describe('an upload that the page was closed in', () => {
  const begun: NewVideo = { site_id: 'site_1', sampling: { mode: 'keyframes' }, camera_id: 'cam_1' }
  const file = new File(['x'], 'noon: the hall.mp4', { lastModified: 7 })
  const name = fingerprint(file, begun)

  beforeEach(() => {
    localStorage.setItem(name, JSON.stringify({ videoId: 'vid_1', door: { token: 't', expires_at: '2999-01-01T00:00:00Z' } }))
  })

  it('is named, and goes on as it was begun when the same file is chosen', async () => {
    const { uploads } = made()
    await uploads.lookForUnfinished()
    expect(uploads.unfinished.value).toEqual([
      { name, videoId: 'vid_1', filename: 'noon: the hall.mp4', sizeBytes: 1, lastModified: 7, video: begun, inMemory: false },
    ])
    const ofCamera = { ...SITE, camera_id: 'cam_1' }
    uploads.add([file, new File(['x'], 'noon: the hall.mp4', { lastModified: 8 })], ofCamera)
    expect(started.map((each) => each.options.video)).toEqual([begun, ofCamera])
    expect(uploads.unfinished.value).toEqual([])
  })

  it('is another one where the same file is chosen for another camera', async () => {
    const { uploads } = made()
    await uploads.lookForUnfinished()
    const other = { ...SITE, camera_id: 'cam_2' }
    uploads.add([file], other)
    expect(started.map((each) => each.options.video)).toEqual([other])
    expect(uploads.unfinished.value).toHaveLength(1)
  })

  it('is discarded with its video', async () => {
    const { uploads, cancel } = made()
    await uploads.lookForUnfinished()
    const [found] = uploads.unfinished.value
    if (found) await uploads.discard(found)
    expect(cancel.mock.calls).toEqual([['vid_1']])
    expect([localStorage.getItem(name), uploads.unfinished.value]).toEqual([null, []])
  })

  it('is forgotten where its video waits for no file, and kept where nobody knows', async () => {
    const { client, uploads } = made()
    vi.mocked(client.job).mockRejectedValueOnce(new Problem(0, 'unreachable', 'No answer', ''))
    await expect(uploads.lookForUnfinished()).rejects.toThrow('No answer')
    expect(localStorage.getItem(name)).not.toBeNull()
    vi.mocked(client.job).mockResolvedValueOnce(job({ status: 'cancelled' }))
    await uploads.lookForUnfinished()
    expect([localStorage.getItem(name), uploads.unfinished.value]).toEqual([null, []])
  })

  it('is not cancelled by a list that is old: not where another tab sends it, nor when its file has arrived', async () => {
    const { client, uploads, cancel } = made()
    await uploads.lookForUnfinished()
    const [found] = uploads.unfinished.value
    if (!found) throw new Error('Nothing is unfinished.')
    const locks = { query: () => Promise.resolve({ held: [{ name }] }), request: () => Promise.resolve() }
    vi.stubGlobal('navigator', Object.assign(Object.create(navigator) as object, { locks }))
    await expect(uploads.discard(found)).rejects.toThrow('another tab')
    vi.unstubAllGlobals()
    vi.mocked(client.job).mockResolvedValue(job({ status: 'running', stage: 'frames' } as never))
    await uploads.discard(found)
    expect([cancel.mock.calls, localStorage.getItem(name)]).toEqual([[], null])
  })

  it('is not sent in two tabs', async () => {
    const { uploads, row } = made()
    const request = (_name: string, _options: object, call: (lock: null) => unknown) => Promise.resolve(call(null))
    const locks = { query: () => Promise.resolve({ held: [] }), request }
    vi.stubGlobal('navigator', Object.assign(Object.create(navigator) as object, { locks }))
    uploads.add([file], begun)
    vi.unstubAllGlobals()
    expect([row(file.name).state.value, row(file.name).problem.value, started]).toEqual(['failed', expect.stringContaining('another tab'), []])
  })

  it('is none of another tab that sends it now', async () => {
    const { uploads } = made()
    const locks = { query: () => Promise.resolve({ held: [{ name }] }), request: () => Promise.resolve() }
    vi.stubGlobal('navigator', Object.assign(Object.create(navigator) as object, { locks }))
    await uploads.lookForUnfinished()
    vi.unstubAllGlobals()
    expect(uploads.unfinished.value).toEqual([])
  })
})

describe('the rows', () => {
  const texts = (root: Element, selector: string) => [...root.querySelectorAll(selector)].map((each) => each.textContent)

  it('show name, size, length, progress, speed and what is left, each with its buttons', async () => {
    const { uploads, send } = made()
    length.mockResolvedValueOnce(90_000)
    const root = show(<UploadCard uploads={uploads} siteId="site_1" cameras={[]} />)
    await act(() => send('one.mp4', 'two.mp4', 'three.mp4'))
    await act(async () => {
      await started[0]?.begin()
      started[0]?.options.onProgress?.({ sent: 0, total: 2_000_000 })
      await new Promise((next) => setTimeout(next, 600))
      started[0]?.options.onProgress?.({ sent: 1_000_000, total: 2_000_000 })
    })
    expect(texts(root, '.sending .texts')[0]).toBe('one.mp41 B · 1:30')
    expect(texts(root, '.sending > .small')[0]).toMatch(/^1.0 MB of 2.0 MB · [\d.]+ MB\/s · 0:0\d left$/)
    expect(texts(root, '.sending > .small').slice(1)).toEqual(['Preparing…', 'Waits for its turn'])
    expect(root.querySelector('progress')?.value).toBe(50)
    expect(texts(root, '.sending:first-child button')).toEqual(['Pause', 'Cancel'])
    expect(texts(root, '[role=status]')).toEqual(['2 being sent, 1 waiting'])
  })
})

function called(mock: { mock: { calls: unknown[] } }): boolean {
  return mock.mock.calls.length > 0
}
