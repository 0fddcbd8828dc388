// @vitest-environment jsdom
import { describe, expect, it, vi } from 'vitest'
import { Client, emptyView, fromSnapshot, Problem, stateKey, type CameraView, type Job, type Layout } from '../src/client'
import alert from '../../schemas/hazard.alert/examples/v1/run-opened.json'
import runState from '../../schemas/table.state/examples/v1/run.json'
import type { CameraStatus, HazardAlert, TableState } from '../src/generated/events'
import { shownFrame, tablesNow, type Model } from '../src/model'
import { hazardsPanel } from '../src/panels/hazards'
import { jobPanel } from '../src/panels/job'
import { picturePanel } from '../src/panels/picture'
import { tablesPanel } from '../src/panels/tables'
import { uploadPanel } from '../src/panels/upload'
import { EMPTY_SNAPSHOT, frame, job } from './documents'

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
}

function model(changes: Partial<Model> = {}): Model {
  const view = fromSnapshot({ ...EMPTY_SNAPSHOT, videos: [job()], states: [STATE], hazards: [ALERT] }, emptyView('site_1'))
  const frames = [0, 20, 40, 60].map(frame)
  const plain = { sites: [], cameras: [], stream: 'live', loaded: true, moreFrames: false, live: null, chosen: null, feed: [] } as const
  return { ...plain, view, frames, layout: LAYOUT, subject: { video: 'vid_1' }, now: Date.now(), ...changes }
}

describe('what is shown', () => {
  it('is the frame of the newest state, while the run is under way', () => {
    expect(shownFrame(model())?.index).toBe(40)
  })

  it('is the newest frame when the run has ended or has no states, and always the chosen one', () => {
    const over = model()
    over.view = { ...over.view, videos: new Map([['vid_1', job({ status: 'done' })]]) }
    expect(shownFrame(over)?.index).toBe(60)
    expect(shownFrame(model({ view: { ...model().view, states: new Map() } }))?.index).toBe(60)
    expect(shownFrame(model({ chosen: 1 }))?.index).toBe(20)
  })

  it('of a chosen frame are the states of its time, unknown before the first', () => {
    const states = (chosen: number) => tablesNow(model({ chosen })).map((each) => each.state)
    expect(states(2)).toEqual(['occupied', 'unknown'])
    expect(states(1)).toEqual(['unknown', 'unknown'])
  })
})

describe('the picture', () => {
  const picture = (element: HTMLElement) => element.querySelector('img') as HTMLImageElement

  it('is shown after something without frames was selected in between', () => {
    const panel = picturePanel(() => undefined)
    panel.update(model())
    expect(picture(panel.element).getAttribute('src')).toBe(frame(40).url)
    panel.update(model({ subject: { camera: 'cam_1' }, frames: [] }))
    expect(picture(panel.element).hasAttribute('src')).toBe(false)
    panel.update(model())
    expect(picture(panel.element).getAttribute('src')).toBe(frame(40).url)
  })

  it('is the newest judged frame of a live camera, and says so until there is one', () => {
    const panel = picturePanel(() => undefined)
    const live = { frame_id: 'cam_1-1', url: '/v1/objects/live', width: 4, height: 3 } as CameraView
    panel.update(model({ subject: { camera: 'cam_1' }, frames: [] }))
    expect(panel.element.querySelector('.empty')?.textContent).toBe('No live pictures from this camera yet.')
    panel.update(model({ subject: { camera: 'cam_1' }, frames: [], live }))
    expect(picture(panel.element).getAttribute('src')).toBe('/v1/objects/live')
    expect((panel.element.querySelector('.stage') as HTMLElement).style.aspectRatio).toBe('4 / 3')
  })

  it('says why there is none while a camera is offline', () => {
    const panel = picturePanel(() => undefined)
    const status = { camera_id: 'cam_1', status: 'offline', reason: 'Nothing answers at this address.' } as CameraStatus
    const view = { ...model().view, cameras: new Map([['cam_1', status]]) }
    panel.update(model({ subject: { camera: 'cam_1' }, frames: [], view }))
    expect(panel.element.querySelector('.empty')?.textContent).toBe('Nothing answers at this address.')
  })

  it('is not loaded again when only its link has changed', () => {
    const panel = picturePanel(() => undefined)
    panel.update(model())
    panel.update(model({ frames: [{ ...frame(40), url: '/v1/objects/other-signature' }] }))
    expect(picture(panel.element).getAttribute('src')).toBe(frame(40).url)
  })

  it('has a coloured area for each table, and the states as text for screen readers', () => {
    const panel = picturePanel(() => undefined)
    panel.update(model())
    const tables = [...panel.element.querySelectorAll('.table')]
    expect(tables.map((each) => each.getAttribute('data-state'))).toEqual(['occupied', 'unknown'])
    expect(panel.element.querySelector('svg')?.getAttribute('aria-label')).toBe('Table 1 Occupied, Window Unknown')
    expect(tables[0]?.querySelector('polygon')?.getAttribute('points')).toBe('0,0 320,0 320,360')
  })

  it('marks hazards until they are closed', () => {
    const panel = picturePanel(() => undefined)
    const spots = () => panel.element.querySelectorAll('.spot').length
    panel.update(model())
    expect(spots()).toBe(1)
    const view = model().view
    panel.update(model({ view: { ...view, hazards: new Map([[ALERT.hazard_id, { ...ALERT, status: 'dismissed' }]]) } }))
    expect(spots()).toBe(0)
  })

  it('shows the frame of the slider, and at its end the newest', () => {
    const chosen = vi.fn()
    const panel = picturePanel(chosen)
    panel.update(model())
    const slider = panel.element.querySelector('input') as HTMLInputElement
    for (const value of ['1', '3']) {
      slider.value = value
      slider.dispatchEvent(new Event('input'))
    }
    expect(chosen.mock.calls).toEqual([[1], [null]])
  })
})

describe('the tables', () => {
  it('have state, since when, how many people and how sure', () => {
    const panel = tablesPanel(new Client(), () => undefined)
    panel.update(model())
    const texts = [...panel.element.querySelectorAll('.tables li')].map((row) => row.textContent)
    expect(texts).toEqual(['Table 1Occupiedsince 0:39, 2 people, 88 % sureHistory', 'WindowUnknownnothing seen yetHistory'])
  })

  it('of a live camera are unknown once they have expired', () => {
    const live = { ...STATE, run_id: null, expires_at: '2026-11-23T09:01:00.000Z' }
    const view = { ...model().view, states: new Map([[stateKey(live), live]]) }
    const panel = tablesPanel(new Client(), () => undefined)
    panel.update(model({ subject: { camera: 'cam_1' }, frames: [], view, now: Date.parse('2026-11-23T09:00:59Z') }))
    expect(panel.element.querySelector('.chip')?.textContent).toBe('Occupied')
    panel.update(model({ subject: { camera: 'cam_1' }, frames: [], view, now: Date.parse('2026-11-23T09:01:00Z') }))
    expect(panel.element.querySelector('.chip')?.textContent).toBe('Unknown')
  })
})

describe('hazards', () => {
  it('can be acted on as far as their life goes', async () => {
    const client = new Client()
    const act = vi.spyOn(client, 'act').mockRejectedValue(new Problem(409, 'hazard_closed', 'Closed', 'It is closed.'))
    const failed = vi.fn()
    const panel = hazardsPanel(client, failed, () => undefined)
    panel.update(model())
    const buttons = () => [...panel.element.querySelectorAll('button')].map((button) => button.textContent)
    expect(buttons()).toEqual(['Show', 'Acknowledge', 'Clear', 'Dismiss'])
    panel.element.querySelectorAll('button')[1]?.click()
    await vi.waitFor(() => expect(failed).toHaveBeenCalledOnce())
    expect(act).toHaveBeenCalledWith(ALERT.hazard_id, 'acknowledge')
    const view = { ...model().view, hazards: new Map([[ALERT.hazard_id, { ...ALERT, status: 'verified' }]]) }
    panel.update(model({ view }))
    expect(buttons()).toEqual(['Show'])
  })

  it.each([
    { status: 'processing' as const, stages: [{ name: 'hazards', status: 'done', progress: 100 }] },
    { status: 'cancelled' as const, stages: [{ name: 'hazards', status: 'cancelled', progress: 10 }] },
  ])('of a run that has ended cannot be acted on, and say so ($status)', (changes) => {
    const panel = hazardsPanel(new Client(), () => undefined, () => undefined)
    const said = () => [...panel.element.querySelectorAll('p')].filter((text) => !text.hidden).map((text) => text.textContent)
    panel.update(model())
    expect(said()).toEqual([])
    panel.update(model({ view: { ...model().view, videos: new Map([['vid_1', job(changes)]]) } }))
    expect([...panel.element.querySelectorAll('button')].map((button) => button.textContent)).toEqual(['Show'])
    expect(said()).toEqual(['The run has ended: its alerts stay as they are.'])
  })

  it('of another run or camera are not shown', () => {
    const panel = hazardsPanel(new Client(), () => undefined, () => undefined)
    panel.update(model({ subject: { camera: 'cam_1' } }))
    expect(panel.element.querySelectorAll('li')).toHaveLength(0)
    expect((panel.element.querySelector('.empty') as HTMLElement).hidden).toBe(false)
  })
})

describe('a job', () => {
  it('that failed shows why and what to do, and which stages were not begun', () => {
    const panel = jobPanel(new Client(), () => undefined)
    const stages = [
      { name: 'upload', status: 'failed', progress: 0 },
      { name: 'extract', status: 'cancelled', progress: 0 },
    ]
    const error = { code: 'not_a_video', reason: 'Send a video.', retryable: false }
    const failed = job({ status: 'failed', error, stages })
    panel.update(model({ view: { ...model().view, videos: new Map([['vid_1', failed]]) } }))
    expect(panel.element.querySelector('.callout')?.textContent).toBe('Send a video. (not_a_video)')
    expect([...panel.element.querySelectorAll('.stages li')].map((each) => each.textContent)).toEqual([
      'UploadFailed',
      'FramesNot begun',
    ])
  })

  it('that waits says for what, as a status that screen readers read, until it goes on', () => {
    const panel = jobPanel(new Client(), () => undefined)
    const show = (shown: Job) => panel.update(model({ view: { ...model().view, videos: new Map([['vid_1', shown]]) } }))
    const line = () => panel.element.querySelector('.stages + [role=status] > :not([hidden])')?.textContent
    for (const goesOn of [job({ waiting: null }), job()]) {
      show(job({ waiting: { code: 'store_full', reason: 'The object store is full.' } }))
      expect(line()).toBe('Waiting: The object store is full. (store_full)')
      show(goesOn)
      expect(line()).toBeUndefined()
    }
  })
})

describe('the upload panel', () => {
  it('offers and names every container that is taken', () => {
    const { element } = uploadPanel(new Client({ base: '' }), () => {})
    const offered = element.querySelector<HTMLInputElement>('input[type=file]')!.accept.split(',')
    const named = element.querySelector('.drop')!.textContent
    for (const ending of ['mp4', 'mov', 'mkv', 'webm', 'avi', 'ts', 'mpg']) {
      expect(offered).toContain(`.${ending}`)
      expect(named).toContain(ending)
    }
  })
})
