// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { CameraView } from '../src/client'
import { LiveViews } from '../src/live-views'

let views: LiveViews
let watched: (readonly string[])[]
let seen: string[]
let hidden: boolean
const cameraView = vi.fn<(cameraId: string) => Promise<CameraView | null>>()

const view = (second: number, camera = 'cam_1') =>
  ({ camera_id: camera, run_id: null, frame_id: `${camera}-${second}`, captured_at: `2026-11-23T09:00:0${second}.000Z` }) as CameraView
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)
const look = (camera = 'cam_1') => views.look(camera, ({ frame_id }) => seen.push(frame_id))

beforeEach(() => {
  vi.useFakeTimers()
  ;[watched, seen, hidden] = [[], [], false]
  vi.spyOn(document, 'hidden', 'get').mockImplementation(() => hidden)
  cameraView.mockReset().mockResolvedValue(null)
  views = new LiveViews({ cameraView })
  views.use(Object.assign(() => {}, { watch: (names: readonly string[]) => void watched.push(names) }))
})
afterEach(() => {
  views.stop()
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('a camera that is looked at', () => {
  it('is asked of the stream, and by REST once alone while the stream brings frames', async () => {
    cameraView.mockResolvedValue(view(1))
    const leave = look()
    await pass(100)
    for (const second of [2, 3, 4]) {
      views.receive(view(second))
      await pass(20_000)
    }
    expect([seen, watched]).toEqual([['cam_1-1', 'cam_1-2', 'cam_1-3', 'cam_1-4'], [['cam_1']]])
    expect(cameraView).toHaveBeenCalledTimes(1)
    leave()
    await pass(100)
    expect(watched.at(-1)).toEqual([])
  })

  it('is asked for every 2 s where the stream brings nothing, until it does', async () => {
    look()
    await pass(8000)
    const asked = cameraView.mock.calls.length
    expect(asked).toBeGreaterThan(1)
    cameraView.mockResolvedValue(view(1))
    await pass(2000)
    views.receive(view(2))
    await pass(10_000)
    expect([seen, cameraView.mock.calls.length]).toEqual([['cam_1-1', 'cam_1-2'], asked + 1])
  })

  it('is asked for when the stream was silent for half a minute, and every 2 s where it has missed a frame', async () => {
    look()
    views.receive(view(1))
    await pass(28_000)
    expect(cameraView).toHaveBeenCalledTimes(1)
    cameraView.mockResolvedValue(view(1))
    await pass(30_000)
    expect(cameraView, 'there is none to bring').toHaveBeenCalledTimes(2)
    cameraView.mockResolvedValue(view(2))
    await pass(30_000)
    const asked = cameraView.mock.calls.length
    await pass(10_000)
    expect([seen, cameraView.mock.calls.length]).toEqual([['cam_1-1', 'cam_1-2'], asked + 5])
  })

  it('is asked for while the stream is away', async () => {
    look()
    views.receive(view(1))
    await pass(8000)
    expect(cameraView).toHaveBeenCalledTimes(1)
    views.mistrust()
    await pass(2000)
    expect(cameraView).toHaveBeenCalledTimes(2)
  })

  it('is not shown an answer that is older than what the stream has brought', async () => {
    let answer = (_: CameraView) => {}
    cameraView.mockReturnValueOnce(new Promise((resolve) => (answer = resolve)))
    look()
    views.receive(view(3))
    answer(view(2))
    await pass(0)
    expect(seen).toEqual(['cam_1-3'])
  })

  it('is not shown what the stream had kept from before a newer answer', async () => {
    cameraView.mockResolvedValue(view(3))
    look()
    await pass(0)
    views.receive(view(2))
    views.receive(view(4))
    expect(seen).toEqual(['cam_1-3', 'cam_1-4'])
  })

  it('is looked at by two parts of a view at once', async () => {
    const leave = look()
    views.receive(view(1))
    look()
    expect(seen).toEqual(['cam_1-1', 'cam_1-1'])
    leave()
    await pass(100)
    views.receive(view(2))
    expect([seen.at(-1), watched]).toEqual(['cam_1-2', [['cam_1']]])
  })

  it('is not looked at by a tab that is hidden', async () => {
    look()
    await pass(100)
    hidden = true
    document.dispatchEvent(new Event('visibilitychange'))
    await pass(9000)
    expect(watched, 'that may be shown again in a moment').toEqual([['cam_1']])
    await pass(60_000)
    expect([watched, cameraView.mock.calls.length]).toEqual([[['cam_1'], []], 1])
    hidden = false
    document.dispatchEvent(new Event('visibilitychange'))
    await pass(100)
    expect(watched.at(-1)).toEqual(['cam_1'])
  })
})
