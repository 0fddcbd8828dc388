// @vitest-environment jsdom
import { describe, expect, it, vi } from 'vitest'
import { emptyView, Client, fromSnapshot, Problem, stateKey, type Job, type Layout } from '../src/client'
import alert from '../../schemas/hazard.alert/examples/v1/run-opened.json'
import runState from '../../schemas/table.state/examples/v1/run.json'
import type { HazardAlert, TableState } from '../src/generated/events'
import { bestFrame, changesAround, hazardsEnded, hazardsNow, shownFrame, tablesNow, type Model } from '../src/model'
import { Changes } from '../src/parts/changes'
import { FramesCard } from '../src/parts/frames'
import { HazardActions } from '../src/parts/hazard-actions'
import { JobCard } from '../src/parts/job'
import { RunPicture } from '../src/parts/run-picture'
import { TableCard } from '../src/parts/table-card'
import { Timelines } from '../src/parts/timelines'
import { UploadCard } from '../src/parts/upload'
import { WhyDialog } from '../src/parts/why'
import { Uploads } from '../src/uploads'
import { tableNow } from '../src/words'
import { EMPTY_SNAPSHOT, frame, job } from './documents'
import { show, storeOf } from './show'

const STATE = { ...runState.value, run_id: 'run_1', site_id: 'site_1' } as TableState
const ALERT = { ...alert.value, run_id: 'run_1', site_id: 'site_1' } as HazardAlert
const LAYOUT: Layout = {
  camera_id: 'cam_1',
  version: 1,
  reference: { width: 1280, height: 720 },
  tables: [
    { table_id: STATE.table_id, label: '1', seats: 4, polygon: [[0, 0], [0.2, 0], [0.2, 0.4]], top: null },
    { table_id: 'tbl_quiet', label: 'Window', seats: 2, polygon: [[0.5, 0], [0.7, 0], [0.7, 0.4]], top: null },
  ],
  floor: [],
  ignore: [],
}

function model(changes: Partial<Model> = {}): Model {
  const view = fromSnapshot({ ...EMPTY_SNAPSHOT, videos: [job()], states: [STATE], hazards: [ALERT] }, emptyView('site_1'))
  const frames = [0, 20, 40, 60].map(frame)
  return { view, frames, moreFrames: false, chosen: null, layout: LAYOUT, subject: { video: 'vid_1' }, now: Date.now(), ...changes }
}

const withJob = (shown: Job) => model({ view: { ...model().view, videos: new Map([['vid_1', shown]]) } })
const texts = (root: Element, selector: string) => [...root.querySelectorAll(selector)].map((each) => each.textContent)

describe('what is shown', () => {
  it('is the frame of the newest state, while the run is under way', () => {
    expect(shownFrame(model())?.index).toBe(40)
  })

  it('is the newest frame when the run has ended or has no states, and always the chosen one', () => {
    expect(shownFrame(withJob(job({ status: 'done' })))?.index).toBe(60)
    expect(shownFrame(model({ view: { ...model().view, states: new Map() } }))?.index).toBe(60)
    expect(shownFrame(model({ chosen: 1 }))?.index).toBe(20)
  })

  it('of a chosen frame are the states of its time, unknown before the first', () => {
    const states = (chosen: number) => tablesNow(model({ chosen })).map((each) => each.state)
    expect(states(2)).toEqual(['occupied', 'unknown'])
    expect(states(1)).toEqual(['unknown', 'unknown'])
  })

  it('of a long run are the states and hazards of the last frame that is loaded', () => {
    const early = { ...withJob(job({ status: 'done' })), frames: [0, 20].map(frame), moreFrames: true }
    const spots = (shown: Model) => show(<RunPicture model={shown} onChoose={() => undefined} onShow={() => undefined} />).querySelectorAll('.spot').length
    expect(tablesNow(early).map((each) => each.state)).toEqual(['unknown', 'unknown'])
    expect(spots(early)).toBe(0)
    const late = { ...early, moreFrames: false }
    expect(tablesNow(late).map((each) => each.state)).toEqual(['occupied', 'unknown'])
    expect(spots(late)).toBe(1)
  })
})

describe('the picture of a run', () => {
  const picture = (shown: Model, root?: HTMLElement) => show(<RunPicture model={shown} onChoose={() => undefined} onShow={() => undefined} />, storeOf(), root)

  it('is not loaded again when only its link has changed, and is when the frame has', () => {
    const root = picture(model())
    const source = () => root.querySelector('img')?.getAttribute('src')
    expect(source()).toBe(frame(40).url)
    picture(model({ frames: [{ ...frame(40), url: '/v1/objects/other-signature' }] }), root)
    expect(source()).toBe(frame(40).url)
    picture(model({ chosen: 0 }), root)
    expect(source()).toBe(frame(0).url)
    picture(model({ frames: [] }), root)
    expect(source()).toBeUndefined()
    expect(root.querySelector('.empty')?.textContent).toBe('Pictures appear here as they are taken from the video.')
  })

  it('has a coloured area for each table, and the states as text for screen readers', () => {
    const root = picture(model())
    const tables = [...root.querySelectorAll('.table polygon')].map((each) => each.parentElement)
    expect(tables.map((each) => each?.getAttribute('data-state'))).toEqual(['occupied', 'unknown'])
    expect(root.querySelector('svg')?.getAttribute('aria-label')).toBe('Table 1 · Occupied, Window · Unknown')
    expect(tables[0]?.querySelector('polygon')?.getAttribute('points')).toBe('0,0 320,0 320,360')
  })

  it('marks hazards until they are closed', () => {
    expect(picture(model()).querySelectorAll('.spot')).toHaveLength(1)
    const closed = new Map([[ALERT.hazard_id, { ...ALERT, status: 'dismissed' }]])
    expect(picture(model({ view: { ...model().view, hazards: closed } })).querySelectorAll('.spot')).toHaveLength(0)
  })

  it('shows the frame of the slider, and at its end the newest', () => {
    const chosen = vi.fn()
    const slider = show(<RunPicture model={model()} onChoose={chosen} onShow={() => undefined} />).querySelector('input') as HTMLInputElement
    for (const value of ['1', '3']) {
      slider.value = value
      slider.dispatchEvent(new Event('input'))
    }
    expect(chosen.mock.calls).toEqual([[1], [null]])
  })
})

describe('the tables of a run', () => {
  it('have state, since when, and what is to say of it', () => {
    const root = show(<Timelines model={model()} onSeek={() => undefined} />)
    expect(texts(root, '.tables li')).toEqual(['Table 1: Why?Occupiedsince 0:39. 2 people there.', 'Window: Why?UnknownNothing seen yet.'])
  })
})

describe('the changes of a run', () => {
  const at = (state: string, index: number, version: number) => ({ ...STATE, state, since: frame(index).captured_at, version }) as TableState
  const past = new Map([
    [stateKey(STATE), [at('free', 0, 1), at('occupied', 20, 2), at('free', 60, 3)]],
    ['tbl_quiet@run_1', [{ ...at('free', 10, 1), table_id: 'tbl_quiet' }]],
  ])
  const changed = (chosen: number) => model({ chosen, view: { ...model().view, past } })

  it('are those of all tables by time, and lead to the frame that shows them', () => {
    const onShow = vi.fn()
    const root = show(<Changes model={changed(0)} onShow={onShow} />)
    expect(texts(root, '.changes li')).toEqual(['0:20Table 1Occupied', '1:00Table 1Free'])
    root.querySelectorAll('button')[1]?.click()
    expect(onShow).toHaveBeenCalledWith(frame(60).captured_at)
  })

  it('are stepped through from the frame that is shown', () => {
    const around = (chosen: number) => Object.values(changesAround(changed(chosen))).map((each) => each?.since ?? null)
    const [first, second] = [frame(20).captured_at, frame(60).captured_at]
    expect([0, 1, 2, 3].map(around)).toEqual([[null, first], [null, second], [first, second], [first, null]])
    const onShow = vi.fn()
    const root = show(<RunPicture model={changed(0)} onChoose={() => undefined} onShow={onShow} />)
    const [before, next] = root.querySelectorAll<HTMLButtonElement>('.steps button')
    next?.click()
    expect([before?.disabled, onShow.mock.calls]).toEqual([true, [[first]]])
  })
})

it('the best frame is the sharpest, where that is known', () => {
  const sharp = [3, 9, 4].map((sharpness, index) => ({ ...frame(index), sharpness }))
  expect([bestFrame(sharp), bestFrame([frame(0)]), bestFrame([])]).toEqual([1, null, null])
})

it('a frame is enlarged, and the arrow keys go on', () => {
  HTMLDialogElement.prototype.showModal = function () {
    this.open = true
  }
  const chosen = vi.fn()
  const root = show(<FramesCard model={model()} onMore={() => undefined} onChoose={chosen} onJump={() => undefined} jumping={false} onRenew={() => Promise.resolve(null)} />)
  root.querySelectorAll<HTMLButtonElement>('.frames button')[1]?.click()
  const viewer = root.querySelector('dialog') as HTMLDialogElement
  return vi.waitFor(() => expect(viewer.querySelector('img')?.getAttribute('src')).toBe(frame(20).url)).then(() => {
    viewer.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight' }))
    expect(chosen.mock.calls).toEqual([[1], [2]])
  })
})

it('a live table that has expired is unknown', () => {
  const live = { ...STATE, run_id: null, expires_at: '2026-11-23T09:01:00.000Z' }
  const table = { table_id: STATE.table_id, site_id: 'site_1', camera_id: 'cam_1', section_id: null, label: '1', seats: 4, created_at: '', retired_at: null }
  const card = (now: string) => show(<TableCard {...tableNow(table, live, Date.parse(now))} />)
  expect(card('2026-11-23T09:00:59Z').querySelector('.chip')?.textContent).toBe('Occupied')
  expect(card('2026-11-23T09:01:00Z').querySelector('.chip')?.textContent).toBe('Unknown')
})

describe('a hazard', () => {
  it('is acted on at once, shows that it is under way, and what keeps it from being done', async () => {
    const client = new Client()
    const act = vi.spyOn(client, 'act').mockResolvedValueOnce(undefined).mockRejectedValueOnce(new Problem(409, 'hazard_closed', 'Closed', 'It is closed.'))
    const store = storeOf(client)
    const root = show(<HazardActions hazard={ALERT} />, store)
    const buttons = () => [...root.querySelectorAll('button')]
    const status = () => root.querySelector('[role=status]')?.textContent
    expect(texts(root, 'button')).toEqual(['I am on it', 'It is cleaned', 'There is nothing'])
    buttons()[0]?.click()
    await vi.waitFor(() => expect(status()).toBe('Passed on. Waiting until it is confirmed…'))
    expect(buttons().every((button) => button.disabled)).toBe(true)
    expect(act).toHaveBeenCalledWith(ALERT.hazard_id, 'acknowledge', null)
    show(<HazardActions hazard={{ ...ALERT, status: 'acknowledged' }} />, store, root)
    await vi.waitFor(() => expect(status()).toBe(''))
    expect(texts(root, 'button')).toEqual(['It is cleaned', 'There is nothing'])
    buttons()[1]?.click()
    await vi.waitFor(() => expect(status()).toBe('It is closed. (hazard_closed)'))
    expect(buttons().some((button) => button.disabled)).toBe(false)
  })

  it('can be acted on again when an action is not confirmed for long', async () => {
    vi.useFakeTimers()
    try {
      const client = new Client()
      let take = () => {}
      vi.spyOn(client, 'act').mockReturnValue(new Promise<void>((resolve) => (take = resolve)))
      const root = show(<HazardActions hazard={ALERT} />, storeOf(client))
      const disabled = () => [...root.querySelectorAll('button')].every((button) => button.disabled)
      root.querySelector('button')?.click()
      await vi.advanceTimersByTimeAsync(11_000)
      expect(disabled()).toBe(true)
      take()
      await vi.advanceTimersByTimeAsync(200)
      expect(disabled()).toBe(false)
      expect(root.querySelector('[role=status]')?.textContent).toMatch(/^Not confirmed yet/)
    } finally {
      vi.useRealTimers()
    }
  })

  it('has no actions when it is closed, nor for a key that may only look', () => {
    expect(show(<HazardActions hazard={{ ...ALERT, status: 'verified' }} />).textContent).toBe('')
    expect(show(<HazardActions hazard={ALERT} />, storeOf(new Client(), ['read'])).textContent).toBe('This key may look, not act.')
  })

  it.each([
    { status: 'processing' as const, stages: [{ name: 'hazards', status: 'done' as const, progress: 100 }] },
    { status: 'cancelled' as const, stages: [{ name: 'hazards', status: 'cancelled' as const, progress: 10 }] },
  ])('of a run that has ended stays as it is ($status)', (changes) => {
    expect(hazardsEnded(model())).toBe(false)
    expect(hazardsEnded(withJob(job(changes)))).toBe(true)
  })

  it('of another run or camera is not shown', () => {
    expect(hazardsNow(model())).toHaveLength(1)
    expect(hazardsNow(model({ subject: { camera: 'cam_1' } }))).toEqual([])
  })
})

describe('a job', () => {
  const card = (shown: Job, root?: HTMLElement) => show(<JobCard job={shown} client={new Client()} onError={() => undefined} />, storeOf(), root)

  it('that failed shows why and what to do, and which stages were not begun', () => {
    const stages = [
      { name: 'upload', status: 'failed' as const, progress: 0 },
      { name: 'extract', status: 'cancelled' as const, progress: 0 },
    ]
    const error = { code: 'not_a_video', reason: 'Send a video.', retryable: false }
    const root = card(job({ status: 'failed', error, stages }))
    expect(root.querySelector('.callout')?.textContent).toBe('Send a video. (not_a_video)')
    expect(texts(root, '.stages li')).toEqual(['UploadFailed', 'PicturesNot begun'])
  })

  it('that waits says for what, as a status that screen readers read, until it goes on', () => {
    const root = document.createElement('div')
    const line = () => root.querySelector('.stages + [role=status] > *')?.textContent
    for (const goesOn of [job({ waiting: null }), job()]) {
      card(job({ waiting: { code: 'store_full', reason: 'The object store is full.' } }), root)
      expect(line()).toBe('Waiting: The object store is full. (store_full)')
      card(goesOn, root)
      expect(line()).toBeUndefined()
    }
  })

  it('offers to try again where the api does', () => {
    const retry = { action: 'retry' as const, method: 'POST' as const, href: '/v1/videos/vid_1/retry' }
    expect(texts(card(job({ status: 'failed', next: [retry] })), 'button')).toEqual(['Try again', 'Delete'])
    expect(texts(card(job({ status: 'done', next: [] })), 'button')).toEqual(['Delete'])
  })
})

describe('the upload', () => {
  it('offers and names every container that is taken', () => {
    const uploads = new Uploads(new Client({ base: '' }), () => undefined)
    const root = show(<UploadCard uploads={uploads} siteId="site_1" cameras={[]} />)
    const offered = root.querySelector<HTMLInputElement>('input[type=file]')?.accept.split(',')
    const named = root.querySelector('.drop')?.textContent
    for (const ending of ['mp4', 'mov', 'mkv', 'webm', 'avi', 'ts', 'mpg']) {
      expect(offered).toContain(`.${ending}`)
      expect(named).toContain(ending)
    }
  })
})

describe('why a table is in its state', () => {
  const LIVE = { ...STATE, run_id: null, expires_at: '2999-01-01T00:00:00.000Z' }

  function asked(looks: object[]) {
    const client = new Client()
    const why = { table_id: STATE.table_id, state: LIVE, looks }
    vi.spyOn(client, 'why').mockResolvedValue(why as never)
    vi.spyOn(client, 'layout').mockResolvedValue(LAYOUT)
    vi.spyOn(client, 'stateHistory').mockResolvedValue([{ ...LIVE, until: null, duration_ms: null }])
    const link = vi.spyOn(client, 'link').mockResolvedValue({ object_key: 'k', url: '/left.jpg', expires_at: '', size_bytes: 1 })
    const store = storeOf(client)
    store.learn({ type: 'table.state', data: LIVE })
    expect(store.view.value.states.has(stateKey(LIVE))).toBe(true)
    HTMLDialogElement.prototype.showModal = function () {
      this.open = true
    }
    return { root: show(<WhyDialog tableId={STATE.table_id} onClose={() => undefined} />, store), link }
  }

  const LOOK = {
    frame_id: 'cam_1-1', camera_id: 'cam_1', captured_at: '2026-11-23T09:00:39.000Z', layout_version: 1, url: '/frame.jpg',
    table_id: STATE.table_id, label: '1', verdict: 'occupied', confidence: 0.9, people: 1, things: 0, reason: null, reason_text: null, why: 'x',
    seen: [{ label: 'person', score: 0.9, box: [0.05, 0.1, 0.1, 0.3], table_id: STATE.table_id, share: 0.9, second_table_id: null, doubtful: false }],
  }

  it('is shown by the picture around it with its outline and who was seen, a sentence, and its last states', async () => {
    const { root } = asked([LOOK, { ...LOOK, frame_id: 'cam_1-0', url: '/before.jpg' }])
    await vi.waitFor(() => expect(root.querySelector('.looks')).not.toBeNull())
    expect([...root.querySelectorAll('image')].map((each) => each.getAttribute('href'))).toEqual(['/frame.jpg'])
    expect([root.querySelectorAll('.zone').length, root.querySelectorAll('.who').length]).toEqual([1, 1])
    expect(root.textContent).toContain('1 person is mostly inside its outline, so it is in use.')
    expect(texts(root, '.past li')).toEqual([expect.stringMatching(/Occupieduntil now$/)])
  })

  it('is what is left of its evidence, where no whole frame is', async () => {
    const { root, link } = asked([])
    await vi.waitFor(() => expect(root.querySelector('.evidence')?.getAttribute('src')).toBe('/left.jpg'))
    expect(link).toHaveBeenCalledWith({ evidence_id: LIVE.evidence.evidence_ids[0], table_id: STATE.table_id, run_id: null })
  })
})
