// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { Client, type Upload, type UploadOptions } from '../src/client'
import { refusalOf } from '../src/chosen-file'
import { Sending } from '../src/sending'

interface Started {
  options: UploadOptions
  /** The video is created, its file is being sent. */
  begin: () => Promise<void>
  upload: Upload
  finish: () => void
}
const started = vi.hoisted(() => [] as Started[])
const length = vi.hoisted(() => vi.fn<() => Promise<number | null>>())
vi.mock('../src/chosen-file', async (original) => ({ ...(await original<typeof import('../src/chosen-file')>()), lengthOf: length }))
vi.mock('../src/client/upload', () => ({
  startUpload: (options: UploadOptions) =>
    new Promise<Upload>((resolve) => {
      let finish = () => {}
      const done = new Promise<void>((end) => (finish = end))
      const abort = vi.fn(() => Promise.resolve())
      const upload = { videoId: options.file.name, resumed: false, pause: vi.fn(), resume: vi.fn(), abort, done }
      started.push({ options, upload, finish, begin: () => (resolve(upload), new Promise((next) => setTimeout(next))) })
    }),
}))

function made() {
  const client = new Client()
  const cancel = vi.spyOn(client, 'cancel').mockResolvedValue(undefined)
  const sending = new Sending(client, () => undefined)
  const send = (name: string) => {
    void sending.send(new File(['x'], name), {})
    return started.at(-1) as Started
  }
  return { sending, cancel, send }
}

beforeEach(() => {
  started.length = 0
  length.mockResolvedValue(null)
})

describe('an upload of the session', () => {
  it('that is cancelled while it is prepared is cancelled once it has begun, and leaves the next one alone', async () => {
    const { sending, cancel, send } = made()
    const first = send('one.mp4')
    await sending.abort()
    expect(sending.name.value).toBeNull()
    const second = send('two.mp4')
    await second.begin()
    await first.begin()
    expect(first.upload.abort).toHaveBeenCalledOnce()
    expect(cancel.mock.calls).toEqual([['one.mp4']])
    first.options.onProgress?.({ sent: 1, total: 2 })
    expect([sending.name.value, sending.progress.value]).toEqual(['two.mp4', 0])
    second.options.onProgress?.({ sent: 1, total: 2 })
    expect(sending.progress.value).toBe(50)
    second.finish()
    await vi.waitFor(() => expect(sending.name.value).toBeNull())
  })

  it('can be paused once there is something to pause', async () => {
    const { sending, send } = made()
    const { begin, upload } = send('one.mp4')
    sending.togglePause()
    expect([sending.canPause.value, sending.paused.value]).toEqual([false, false])
    await begin()
    sending.togglePause()
    expect([sending.canPause.value, sending.paused.value]).toEqual([true, true])
    expect(upload.pause).toHaveBeenCalledOnce()
  })

  it('that is cancelled while it is sent is stopped, and its video cancelled', async () => {
    const { sending, cancel, send } = made()
    const { begin, upload } = send('one.mp4')
    await begin()
    await sending.abort()
    expect([sending.name.value, sending.canPause.value]).toEqual([null, false])
    expect(upload.abort).toHaveBeenCalledOnce()
    expect(cancel.mock.calls).toEqual([['one.mp4']])
  })

  it('is not begun with a file that is empty or no video, and says so', () => {
    const { sending } = made()
    void sending.send(new File(['x'], 'menu.pdf', { type: 'application/pdf' }), {})
    expect(sending.problem.value).toContain('menu.pdf is no video')
    void sending.send(new File([], 'evening.mp4'), {})
    expect(sending.problem.value).toContain('evening.mp4 is empty')
    expect([started.length, sending.name.value]).toEqual([0, null])
  })

  it('is of any file that a browser or its name calls a video, and tells its size and length', async () => {
    const { sending, send } = made()
    length.mockResolvedValueOnce(90_000)
    send('evening.MKV')
    await vi.waitFor(() => expect(sending.facts.value).toBe('1 B · 1:30'))
    const refused = (name: string, type: string) => refusalOf({ name, size: 1, type }) !== null
    expect([refused('clip', 'video/quicktime'), refused('evening.dav', ''), refused('evening.h264', 'application/octet-stream'), refused('evening.ts', 'text/vnd.trolltech.linguist')]).toEqual([false, false, false, false])
    expect([refused('room.jpg', 'image/jpeg'), refused('menu.txt', 'text/plain'), refused('song.mp3', 'audio/mpeg')]).toEqual([true, true, true])
  })
})
