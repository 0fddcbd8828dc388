// @vitest-environment jsdom
import { act } from 'preact/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Record } from '../src/parts/record'
import { isFull, LIMITS, nameOf, Recorder, whyNot } from '../src/recording'
import { show } from './show'

class FakeMedia {
  static isTypeSupported = (type: string) => type === 'video/webm'
  state = 'inactive'
  mimeType = 'video/webm;codecs=vp8'
  ondataavailable: (event: { data: Blob }) => void = () => {}
  onstop = () => {}
  start() {
    this.state = 'recording'
    made.push(this)
  }
  stop() {
    this.state = 'inactive'
    this.ondataavailable({ data: new Blob(['end']) })
    this.onstop()
  }
}

let made: FakeMedia[]
let now: number
let tracks: { stop: () => void; onended: (() => void) | null; getSettings: () => { deviceId: string } }[]
const getUserMedia = vi.fn()

beforeEach(() => {
  made = []
  tracks = []
  now = Date.UTC(2026, 10, 29, 21, 0)
  getUserMedia.mockReset().mockImplementation(({ video }: { video: { deviceId?: { exact: string } } }) => {
    const track = { stop: vi.fn(), onended: null, getSettings: () => ({ deviceId: video.deviceId?.exact ?? 'back' }) }
    tracks.push(track)
    return Promise.resolve({ getTracks: () => [track], getVideoTracks: () => [track] })
  })
  const cameras = ['back', 'front'].map((deviceId) => ({ kind: 'videoinput', deviceId, label: deviceId }))
  const mediaDevices = { getUserMedia, enumerateDevices: () => Promise.resolve([...cameras, { kind: 'audioinput' }]) }
  vi.stubGlobal('navigator', Object.assign(Object.create(navigator) as object, { mediaDevices }))
  vi.stubGlobal('isSecureContext', true)
  vi.stubGlobal('MediaRecorder', FakeMedia)
  Object.assign(URL, { createObjectURL: () => 'blob:recorded', revokeObjectURL: vi.fn() })
})
afterEach(() => vi.unstubAllGlobals())

async function recording(): Promise<Recorder> {
  const recorder = new Recorder(() => now)
  await recorder.open()
  recorder.start()
  return recorder
}

describe('a recording', () => {
  it('is of the camera on the back, without sound, and a file with the time at which it began', async () => {
    const recorder = await recording()
    expect(getUserMedia.mock.calls[0]?.[0]).toMatchObject({ audio: false, video: { facingMode: { ideal: 'environment' } } })
    now += 2000
    made[0]?.ondataavailable({ data: new Blob(['four']) })
    expect([recorder.state.value, recorder.ms.value, recorder.bytes.value]).toEqual(['recording', 2000, 4])
    recorder.stop()
    const { file, startedAt, ms } = recorder.recorded.value ?? expect.fail('nothing is recorded')
    expect([file.size, file.type, startedAt.toISOString(), ms]).toEqual([7, 'video/webm', '2026-11-29T21:00:00.000Z', 2000])
    expect(tracks[0]?.stop).toHaveBeenCalled()
  })

  it('stops by itself at its limits', async () => {
    expect([isFull(LIMITS.ms - 1, 0), isFull(LIMITS.ms, 0), isFull(0, LIMITS.bytes)]).toEqual([false, true, true])
    const recorder = await recording()
    now += LIMITS.ms
    made[0]?.ondataavailable({ data: new Blob(['x']) })
    expect([recorder.state.value, recorder.recorded.value?.ms]).toEqual(['recorded', LIMITS.ms])
  })

  it('is kept when its view is left, and when the camera is taken away; a preview is not', async () => {
    const left = await recording()
    left.leave()
    expect([left.state.value, left.unsent.value, left.recorded.value?.file.size]).toEqual(['recorded', true, 3])
    const lost = await recording()
    tracks[1]?.onended?.()
    expect([lost.state.value, lost.problem.value]).toEqual(['recorded', 'The camera was taken away. What was recorded until then is kept.'])
    const preview = new Recorder()
    await preview.open()
    preview.leave()
    expect([preview.state.value, preview.stream.value]).toEqual(['closed', null])
    expect(tracks.map((track) => vi.mocked(track.stop).mock.calls.length)).toEqual([1, 1, 1])
  })

  it.each([
    ['a start that fails', class extends FakeMedia { override start() { throw Object.assign(new Error('x'), { name: 'NotSupportedError' }) } }],
    ['a browser without recorder', undefined],
  ])('is not stuck with the camera on: %s', async (_, media) => {
    vi.stubGlobal('MediaRecorder', media)
    const recorder = await recording()
    expect([recorder.state.value, recorder.stream.value, recorder.problem.value]).toEqual(['closed', null, expect.stringContaining('cannot record')])
    expect(tracks[0]?.stop).toHaveBeenCalled()
  })

  it('hears nothing of one that was closed before', async () => {
    const recorder = await recording()
    recorder.close()
    await recorder.open()
    recorder.start()
    made[0]?.stop()
    expect([recorder.state.value, recorder.bytes.value]).toEqual(['recording', 0])
  })

  it('of nothing is none', async () => {
    const recorder = await recording()
    made[0]?.onstop()
    expect([recorder.state.value, recorder.recorded.value, recorder.problem.value]).toEqual(['closed', null, expect.stringContaining('stopped before')])
  })

  it('closed while the camera is opened closes it once it is open', async () => {
    const recorder = new Recorder()
    const opening = recorder.open()
    recorder.close()
    await opening
    expect([recorder.state.value, recorder.stream.value]).toEqual(['closed', null])
    expect(tracks[0]?.stop).toHaveBeenCalledOnce()
  })

  it('is named by its date and time', () => {
    expect(nameOf(new Date(2026, 0, 2, 3, 4, 5), 'video/webm')).toBe('recording 2026-01-02 03-04-05.webm')
    expect(nameOf(new Date(2026, 0, 2, 3, 4, 5), 'video/mp4')).toBe('recording 2026-01-02 03-04-05.mp4')
  })
})

describe('a camera that cannot be opened', () => {
  it.each([
    ['NotAllowedError', 'may not use the camera'],
    ['NotFoundError', 'no camera'],
    ['NotReadableError', 'Another program'],
    ['TypeError', 'cannot be opened'],
  ])('%s is explained', async (name, text) => {
    getUserMedia.mockRejectedValue(Object.assign(new Error('x'), { name }))
    const recorder = new Recorder()
    await recorder.open()
    expect([recorder.state.value, recorder.problem.value]).toEqual(['closed', expect.stringContaining(text)])
    expect(recorder.problem.value).toContain(`(${name})`)
    expect(whyNot('x')).toBe('The camera cannot be opened.')
  })

  it('needs a secure page, and says how to come to one', async () => {
    vi.stubGlobal('isSecureContext', false)
    const recorder = new Recorder()
    await recorder.open()
    expect(recorder.problem.value).toContain('https://')
    expect(recorder.problem.value).toContain('docs/operations.md')
    expect(getUserMedia).not.toHaveBeenCalled()
  })
})

it('the panel leads from the camera to what is sent', async () => {
  const recorder = new Recorder(() => now)
  const sent = vi.fn()
  const root = show(<Record recorder={recorder} camera={null} onSend={sent} />)
  const press = (text: string) =>
    act(async () => {
      const button = [...root.querySelectorAll('button')].find((each) => each.textContent === text)
      if (!button) throw new Error(`There is no button ${text}.`)
      button.click()
      await new Promise((next) => setTimeout(next, 5))
    })
  await press('Record with a camera of this device')
  expect([...root.querySelectorAll('option')].map((each) => each.textContent)).toEqual(['back', 'front'])
  expect(root.textContent).toContain('At most 30 minutes or 1.0 GB')
  await act(async () => {
    const select = root.querySelector('select')
    if (select) select.value = 'front'
    select?.dispatchEvent(new Event('change', { bubbles: true }))
    await new Promise((next) => setTimeout(next, 5))
  })
  expect([recorder.camera.value, vi.mocked(tracks[0]?.stop)?.mock.calls.length]).toEqual(['front', 1])
  await press('Start recording')
  expect([root.querySelector('select'), root.textContent]).toEqual([null, expect.stringContaining('Recording: 0:00')])
  await press('Stop')
  expect(root.querySelector('video')?.getAttribute('src')).toBe('blob:recorded')
  await press('Send it')
  expect(sent).toHaveBeenCalledOnce()
  expect(recorder.state.value).toBe('closed')
})
