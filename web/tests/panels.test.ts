// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { Client, emptyView, fromSnapshot, Problem, stateKey, type Layout } from '../src/client'
import alert from '../../schemas/hazard.alert/examples/v1/run-opened.json'
import runState from '../../schemas/table.state/examples/v1/run.json'
import type { HazardAlert, TableState } from '../src/generated/events'
import { shownFrame, tablesNow, type Model } from '../src/model'
import { hazardsPanel } from '../src/panels/hazards'
import { jobPanel } from '../src/panels/job'
import { picturePanel } from '../src/panels/picture'
import { signIn } from '../src/panels/signin'
import { tablesPanel } from '../src/panels/tables'
import { frame, job } from './documents'

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
  const nothing = { site_id: 'site_1', seq: 1, as_of: '', cameras: [], groups: [] }
  const view = fromSnapshot({ ...nothing, videos: [job()], states: [STATE], hazards: [ALERT] }, emptyView('site_1'))
  const frames = [0, 20, 40, 60].map(frame)
  const plain = { sites: [], cameras: [], stream: 'live', loaded: true, moreFrames: false, chosen: null, feed: [] } as const
  return { ...plain, view, frames, layout: LAYOUT, subject: { video: 'vid_1' }, now: Date.now(), ...changes }
}

describe('what is shown', () => {
  it('is the frame that the newest conclusion is about, while there are more to come', () => {
    expect(shownFrame(model())?.index).toBe(40)
  })

  it('is the newest frame when the run is over or has no conclusions, and the chosen one always', () => {
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

  it('is there again after something without pictures was looked at', () => {
    const panel = picturePanel(() => undefined)
    panel.update(model())
    expect(picture(panel.element).getAttribute('src')).toBe(frame(40).url)
    panel.update(model({ subject: { camera: 'cam_1' }, frames: [] }))
    expect(picture(panel.element).hasAttribute('src')).toBe(false)
    panel.update(model())
    expect(picture(panel.element).getAttribute('src')).toBe(frame(40).url)
  })

  it('is not loaded again when only its link has changed', () => {
    const panel = picturePanel(() => undefined)
    panel.update(model())
    panel.update(model({ frames: [{ ...frame(40), url: '/v1/objects/other-signature' }] }))
    expect(picture(panel.element).getAttribute('src')).toBe(frame(40).url)
  })

  it('has a coloured area for each table and says the states to who cannot see them', () => {
    const panel = picturePanel(() => undefined)
    panel.update(model())
    const tables = [...panel.element.querySelectorAll('.table')]
    expect(tables.map((each) => each.getAttribute('data-state'))).toEqual(['occupied', 'unknown'])
    expect(panel.element.querySelector('svg')?.getAttribute('aria-label')).toBe('Table 1 Occupied, Window Unknown')
    expect(tables[0]?.querySelector('polygon')?.getAttribute('points')).toBe('0,0 320,0 320,360')
  })

  it('marks what lies on the floor until it is closed', () => {
    const panel = picturePanel(() => undefined)
    const spots = () => panel.element.querySelectorAll('.spot').length
    panel.update(model())
    expect(spots()).toBe(1)
    const view = model().view
    panel.update(model({ view: { ...view, hazards: new Map([[ALERT.hazard_id, { ...ALERT, status: 'dismissed' }]]) } }))
    expect(spots()).toBe(0)
  })

  it('goes where the slider goes, and at its end follows again', () => {
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
  it('say state, since when, how many people and how sure', () => {
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

  it('of another run or camera are not shown', () => {
    const panel = hazardsPanel(new Client(), () => undefined, () => undefined)
    panel.update(model({ subject: { camera: 'cam_1' } }))
    expect(panel.element.querySelectorAll('li')).toHaveLength(0)
    expect((panel.element.querySelector('.empty') as HTMLElement).hidden).toBe(false)
  })
})

describe('a job', () => {
  it('that failed says why and what to do, and what was never begun', () => {
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
})

describe('the door', () => {
  let root: HTMLElement
  beforeEach(() => {
    root = document.createElement('div')
    document.body.replaceChildren(root)
  })

  it('lets in with a key, and says what is wrong with a wrong one', async () => {
    const client = new Client()
    const signed = vi.spyOn(client, 'signIn').mockRejectedValueOnce(new Problem(401, 'key_invalid', 'No', 'No.'))
    signed.mockResolvedValueOnce(undefined)
    const inside = signIn(root, client)
    const field = root.querySelector('input') as HTMLInputElement
    const form = root.querySelector('form') as HTMLFormElement
    field.value = ' twk_a_b '
    form.dispatchEvent(new Event('submit', { cancelable: true }))
    await vi.waitFor(() => expect(root.querySelector('[role=alert]')?.textContent).toContain('not valid'))
    expect(field.getAttribute('aria-invalid')).toBe('true')
    form.dispatchEvent(new Event('submit', { cancelable: true }))
    await inside
    expect(signed).toHaveBeenCalledWith('twk_a_b')
  })
})
