// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Client, Problem, type CameraView, type Frame, type Page } from '../src/client'
import { Watch } from '../src/watch'
import { EMPTY_SNAPSHOT, frame, job } from './documents'
import { storeOf } from './show'

const VIDEO = { duration_ms: 2_000_000 } as NonNullable<ReturnType<typeof job>['video']>
const LONG = job({ status: 'done', frames: { published: 2000, expected: 2000 }, video: VIDEO })

function watched(videos = [LONG]) {
  const client = new Client()
  vi.spyOn(client, 'stateHistory').mockResolvedValue([])
  vi.spyOn(client, 'hazards').mockResolvedValue({ items: [], next_cursor: null })
  vi.spyOn(client, 'layout').mockRejectedValue(new Error('none'))
  const asked = {
    job: vi.spyOn(client, 'job').mockReturnValue(new Promise(() => undefined)),
    frames: vi.spyOn(client, 'frames').mockImplementation((_, cursor, limit) => {
      const from = Number(cursor ?? 0)
      const items = Array.from({ length: Math.min(limit, 2000 - from) }, (_each, at) => frame(from + at))
      return Promise.resolve({ items, next_cursor: String(from + items.length) })
    }),
  }
  const store = storeOf(client)
  store.siteId.value = 'site_1'
  store.receive({ type: 'snapshot', data: { ...EMPTY_SNAPSHOT, videos } })
  const watch = new Watch(store, { video: 'vid_1' })
  stop = watch.start()
  return { watch, store, asked }
}

let stop = () => {}
beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  stop()
  vi.useRealTimers()
})
const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms)

describe('a video that is watched', () => {
  it('shows a point that was not loaded yet', async () => {
    const { watch } = watched()
    await pass()
    expect(watch.frames.value).toHaveLength(600)
    await watch.seek(0.5)
    expect(watch.chosen.value).toBe(1000)
    await watch.seekTime(frame(1500).captured_at)
    expect(watch.chosen.value).toBe(1500)
  })

  it('is ready once its frames, its layout and its past have come, or failed to', async () => {
    let answer = (_: never[]) => {}
    const { watch, store } = watched([])
    vi.spyOn(store.client, 'stateHistory').mockReturnValue(new Promise((resolve) => (answer = resolve)))
    store.receive({ type: 'video.job', data: { ...LONG, camera_id: 'cam_1' } })
    await pass()
    expect([watch.frames.value.length, watch.ready.value]).toEqual([600, false])
    answer([])
    await pass()
    expect(watch.ready.value).toBe(true)
  })

  it('is ready without a layout where it has no camera', async () => {
    const { watch } = watched([{ ...LONG, camera_id: null }])
    await pass()
    expect(watch.ready.value).toBe(true)
  })

  it('shows what was asked for last', async () => {
    const { watch } = watched()
    await pass()
    const sought = watch.seek(0.5)
    watch.choose(3)
    await sought
    expect(watch.chosen.value).toBe(3)
  })

  it('has no frames of an earlier run', async () => {
    const { watch, store, asked } = watched([])
    const answers: ((page: Page<Frame>) => void)[] = []
    asked.frames.mockImplementation(() => new Promise((resolve) => answers.push(resolve)))
    store.learn({ type: 'video.job', data: job({ frames: { published: 1, expected: 1 } }) })
    store.learn({ type: 'video.job', data: job({ run_id: 'run_2', frames: { published: 1, expected: 1 } }) })
    answers[1]?.({ items: [frame(7)], next_cursor: null })
    answers[0]?.({ items: [frame(0)], next_cursor: null })
    await pass()
    expect(watch.frames.value.map((each) => each.index)).toEqual([7])
  })

  it('is asked for again when it cannot be answered, and not when there is none', async () => {
    const { watch, store, asked } = watched([])
    await pass()
    stop()
    asked.job.mockReset()
    asked.job.mockRejectedValueOnce(new Problem(503, 'unavailable', 'Away', 'The database is away.'))
    asked.job.mockRejectedValueOnce(new Problem(404, 'not_found', 'None', 'There is none.'))
    stop = watch.start()
    await pass()
    expect([store.toast.value, watch.gone.value]).toEqual(['The database is away. (unavailable)', false])
    await pass(1000)
    expect(watch.gone.value).toBe(true)
    await pass(60_000)
    expect(asked.job).toHaveBeenCalledTimes(2)
  })
})

describe('a camera that is watched', () => {
  /** Pictures whose loading the test ends. */
  class FakeImage {
    static all: FakeImage[] = []
    onload = () => {}
    src = ''
    constructor() {
      FakeImage.all.push(this)
    }
  }
  const STATUS = { camera_id: 'cam_1', site_id: '', version: 1, status: 'live', reason: '', since: '', observed_at: '', last_frame_at: null, snapshot_key: null }
  const TABLE = { table_id: 'tbl_1', site_id: '', camera_id: 'cam_2', camera_ids: ['cam_1', 'cam_2'], section_id: null, label: '1', seats: 4, created_at: '', retired_at: null }

  beforeEach(() => {
    FakeImage.all = []
    vi.stubGlobal('Image', FakeImage)
  })
  afterEach(() => void vi.unstubAllGlobals())

  it('has the layout that its picture was judged with, before there is one the newest', async () => {
    const client = new Client()
    const layout = vi.spyOn(client, 'layout').mockRejectedValue(new Error('none'))
    const store = storeOf(client)
    store.cameras.value = [{ camera_id: 'cam_1', site_id: '', name: 'Bar', layout_version: null }]
    const watch = new Watch(store, { camera: 'cam_1' })
    stop = watch.start()
    expect(layout).not.toHaveBeenCalled()
    store.cameras.value = [{ camera_id: 'cam_1', site_id: '', name: 'Bar', layout_version: 2 }]
    watch.live.value = { layout_version: 1 } as CameraView
    expect(layout.mock.calls).toEqual([['cam_1', 2], ['cam_1', 1]])
  })

  it('is asked for its newest judged picture once it has tables, as without them there is none', async () => {
    const client = new Client()
    const asked = vi.spyOn(client, 'cameraView').mockResolvedValue({ frame_id: 'frm_1' } as CameraView)
    const store = storeOf(client)
    store.receive({ type: 'snapshot', data: { ...EMPTY_SNAPSHOT, cameras: [STATUS] } })
    const watch = new Watch(store, { camera: 'cam_1' })
    stop = watch.start()
    await pass(3000)
    expect(asked).not.toHaveBeenCalled()
    store.tables.value = [TABLE]
    await pass(1000)
    FakeImage.all[0]?.onload()
    await pass()
    expect(watch.live.value?.frame_id).toBe('frm_1')
    store.tables.value = [{ ...TABLE, retired_at: '2026-11-23T09:00:00.000Z' }]
    await pass(1000)
    expect(watch.live.value).toBeNull()
  })

  it('shows the newest picture that is loaded, and one that takes long as far as it is', async () => {
    const store = storeOf()
    const look = vi.spyOn(store.liveViews, 'look').mockReturnValue(() => undefined)
    store.receive({ type: 'snapshot', data: { ...EMPTY_SNAPSHOT, cameras: [STATUS] } })
    store.tables.value = [TABLE]
    const watch = new Watch(store, { camera: 'cam_1' })
    stop = watch.start()
    const bring = (frame: string) => look.mock.calls[0]?.[1]({ frame_id: frame, url: `/${frame}` } as CameraView)
    for (const frame of ['frm_1', 'frm_2', 'frm_3']) bring(frame)
    expect([watch.live.value, FakeImage.all.map(({ src }) => src)]).toEqual([null, ['/frm_1']])
    FakeImage.all[0]?.onload()
    await pass()
    expect([watch.live.value?.frame_id, FakeImage.all.map(({ src }) => src)]).toEqual(['frm_1', ['/frm_1', '/frm_3']])
    await pass(9999)
    expect(watch.live.value?.frame_id).toBe('frm_1')
    await pass(1)
    expect(watch.live.value?.frame_id).toBe('frm_3')
  })
})
