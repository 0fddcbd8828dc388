// @vitest-environment jsdom
// The steps from an address to live states: what follows from facts, and the steps as they are shown.
import { Route, Router } from 'preact-iso'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { Client, Problem, type Camera, type Layout } from '../src/client'
import { layoutOf, withRegion } from '../src/drawing'
import { readDrawing, writeDrawing } from '../src/drawing-draft'
import { forgetAll } from '../src/remembered'
import { hindranceOf as hindranceOfName } from '../src/set-up/name'
import { fieldsOf } from '../src/camera-form'
import { SetUpView } from '../src/set-up/set-up'
import { comeBackTo, hindranceOf, isUnfinished, listed, reached, type Facts } from '../src/set-up/steps'
import { triedOutlines } from '../src/set-up/try'
import { T } from '../src/texts'
import { EMPTY_SNAPSHOT } from './documents'
import { show, storeOf } from './show'

const CAMERA: Camera = { camera_id: 'cam_1', site_id: 'site_1', name: 'Camera 3', number: 3, enabled: true, capture: { state: 'captured', reason: null }, cadence_ms: 10_000, state: 'verified', layout_version: null, version: 1 }
const SAVED: Layout = { camera_id: 'cam_1', version: 1, reference: { width: 1280, height: 720 }, tables: [{ table_id: 'tbl_1', label: '1', seats: 2, section_id: null, polygon: [[0.4, 0.4], [0.6, 0.4], [0.6, 0.6]], top: null }], floor: [], ignore: [] }
const drawing = withRegion([], 'table', 'new-0')
const facts = (changes: Partial<Facts> = {}): Facts => ({ hasPicture: true, drawing, isSketching: false, ...changes })

beforeEach(() => {
  localStorage.clear()
  vi.restoreAllMocks()
  vi.stubGlobal('scrollTo', () => undefined)
  Element.prototype.scrollIntoView = () => undefined // jsdom has none
})

describe('the step that is reached', () => {
  it.each([
    [facts({ hasPicture: false, drawing: [] }), 'picture', 'picture'],
    [facts({ drawing: [] }), 'tables', 'tables'],
    [facts({ drawing: withRegion([], 'floor', 'new-0') }), 'tables', 'tables'],
    [facts(), 'name', 'tables'],
    [facts({ isSketching: true }), 'tables', 'tables'],
  ])('follows from what is there (%#)', (known, furthest, comesBackTo) => {
    expect([reached(known), comeBackTo(known)]).toEqual([furthest, comesBackTo])
  })

  it('has its hindrance', () => {
    const nameless = drawing.map((each) => ({ ...each, label: ' ' }))
    expect([hindranceOf('picture', facts({ hasPicture: false })), hindranceOf('tables', facts({ drawing: [] })), hindranceOf('tables', facts({ drawing: nameless })), hindranceOf('try', facts({ drawing: [] }))])
      .toEqual(['picture', 'tables', 'fault', null])
  })

  it('is listed with those that are done, and those that may be opened', () => {
    const text = listed('view', facts()).map(({ step, isCurrent, isDone, isOpen }) => `${step}${isCurrent ? ' now' : ''}${isDone ? ' done' : ''}${isOpen ? ' open' : ''}`)
    expect(text).toEqual(['connect done open', 'picture done open', 'tables done open', 'view now', 'try open', 'name open'])
    expect(listed('connect', null).map(({ isOpen }) => isOpen)).toEqual([false, false, false, false, false, false])
  })

  it('is none of a camera whose tables were saved, or of which no pictures are to come', () => {
    expect([CAMERA, { ...CAMERA, layout_version: 1 }, { ...CAMERA, capture: { state: 'none', reason: null } }].map(isUnfinished)).toEqual([true, false, false])
  })
})

describe('the last step', () => {
  it('says what is missing', () => {
    const fields = fieldsOf(CAMERA)
    expect([fields, { ...fields, name: ' ' }, { ...fields, number: '' }, { ...fields, seconds: '0' }].map(hindranceOfName)).toEqual(['', T.setUp.name.nameless, T.cameraForm.numberWrong, T.cameraForm.cadenceWrong])
  })
})

it('a table that was tried has the state of its name', () => {
  const [first, second] = triedOutlines(withRegion(drawing, 'table', 'new-1'), { tables: [{ table_id: 'x', label: '2', state: { state: 'free' } as never, why: null, transitions: [] }] })
  expect([first?.state, second?.state, second?.text]).toEqual(['unknown', 'free', 'Table 2 · Free'])
})

it('signing out leaves nothing of what was begun on the device', () => {
  writeDrawing('cam_1', { version: null, drawing })
  localStorage.setItem('tablewatch-site', 'site_1')
  forgetAll()
  expect([readDrawing('cam_1'), localStorage.getItem('tablewatch-site')]).toEqual([null, 'site_1'])
})

describe('a set-up', () => {
  function opened(step: string, camera: Camera = CAMERA, hasPicture = true) {
    const client = new Client()
    vi.spyOn(client, 'taggedLayout').mockRejectedValue(new Problem(404, 'layout_not_found', 'No such layout', 'Draw one.'))
    vi.spyOn(client, 'cameraView').mockResolvedValue({ url: '/p.jpg', width: 1280, height: 720, seen: [], tables: [] } as never)
    vi.spyOn(client, 'link').mockResolvedValue({ url: '/p.jpg' } as never)
    const asked = {
      score: vi.spyOn(client, 'viewScore').mockResolvedValue({ camera_id: 'cam_1', as_of: '2026-11-23T09:00:00.000Z', total: 19, sentence: 'Table 1 is small.', looks: 3, parts: [] }),
      camera: vi.spyOn(client, 'camera').mockResolvedValue({ document: camera, tag: '"camera-1"' }),
      change: vi.spyOn(client, 'changeCamera').mockResolvedValue({ ...camera, name: 'Bar' }),
      save: vi.spyOn(client, 'saveLayout').mockResolvedValue({ ...SAVED, warnings: [] }),
    }
    const store = storeOf(client)
    store.siteId.value = 'site_1'
    store.cameras.value = [camera]
    store.receive({ type: 'snapshot', data: { ...EMPTY_SNAPSHOT, cameras: [{ camera_id: 'cam_1', status: 'verified', reason: '', since: '2026-11-23T09:00:00.000Z', snapshot_key: hasPicture ? 'snapshots/1' : null } as never] } })
    history.replaceState(null, '', `/cameras/cam_1/set-up${step}`)
    const root = document.createElement('div')
    document.body.replaceChildren(root) // what is in no document takes no focus
    show(<Router>{[<Route path="/cameras/:id/set-up/:step?" component={SetUpView} />]}</Router>, store, root)
    const button = (name: string) => [...root.querySelectorAll('button')].find((each) => each.textContent === name)
    const heading = (name: string) => vi.waitFor(() => expect([root.querySelector('h1')?.textContent?.includes(name), document.activeElement?.tagName]).toEqual([true, 'H1']))
    return { root, button, heading, asked, store }
  }

  it('goes on where it was left: without a picture it waits for one, and says so', async () => {
    const { root, button, heading } = opened('', CAMERA, false)
    await heading(T.setUp.steps.picture)
    expect([location.pathname, root.querySelector('#hindrance')?.textContent]).toEqual(['/cameras/cam_1/set-up/picture', T.setUp.hindrances.picture])
    button(T.setUp.next)?.click()
    expect(location.pathname).toBe('/cameras/cam_1/set-up/picture')
    expect(root.querySelector('[aria-current=step]')?.textContent).toContain(T.setUp.steps.picture)
  })

  it('draws tables, which stay on the device, and goes on to their score', async () => {
    const { root, button, heading, asked } = opened('/name')
    await heading(T.setUp.steps.tables)
    await vi.waitFor(() => expect(root.querySelector('#hindrance')?.textContent).toBe(T.setUp.hindrances.tables))
    button(T.editor.middle)?.click()
    await vi.waitFor(() => expect(readDrawing('cam_1')?.drawing).toHaveLength(1))
    expect(root.querySelector('#hindrance')).toBeNull()
    button(T.setUp.next)?.click()
    await heading(T.setUp.steps.view)
    await vi.waitFor(() => expect(root.textContent).toContain('Table 1 is small.'))
    expect(asked.score.mock.calls[0]?.[1]?.tables).toHaveLength(1)
  })

  it('takes up what was drawn before without asking, and what another tab draws when that is wanted', async () => {
    writeDrawing('cam_1', { version: null, drawing })
    const { root, button, heading } = opened('')
    await heading(T.setUp.steps.tables)
    await vi.waitFor(() => expect(root.querySelectorAll('.drawn')).toHaveLength(1))
    expect(root.textContent).not.toContain(T.editor.kept)
    writeDrawing('cam_1', { version: null, drawing: withRegion(drawing, 'table', 'new-1') })
    dispatchEvent(new StorageEvent('storage', { key: 'tablewatch-begun/drawing/cam_1' }))
    await vi.waitFor(() => expect(root.textContent).toContain(T.editor.keptElsewhere))
    button(T.editor.goOn)?.click()
    await vi.waitFor(() => expect(root.querySelectorAll('.drawn')).toHaveLength(2))
  })

  it('saves the names first and then the tables, and shows that the camera goes live', async () => {
    writeDrawing('cam_1', { version: null, drawing })
    const { root, button, heading, asked, store } = opened('/name')
    await heading(T.setUp.steps.name)
    const name = await vi.waitFor(() => root.querySelector<HTMLInputElement>('input[required]') ?? Promise.reject(new Error('no field')))
    name.value = 'Bar'
    name.dispatchEvent(new Event('input', { bubbles: true }))
    asked.save.mockRejectedValueOnce(new Problem(0, 'unreachable', 'No answer', 'The server does not answer.'))
    await vi.waitFor(() => expect(button(T.setUp.name.save)?.getAttribute('aria-disabled')).toBe('false'))
    button(T.setUp.name.save)?.click()
    await vi.waitFor(() => expect(root.textContent).toContain('(unreachable)'))
    expect(readDrawing('cam_1')).not.toBeNull()
    asked.camera.mockResolvedValue({ document: { ...CAMERA, name: 'Bar' }, tag: '"camera-2"' })
    button(T.setUp.name.save)?.click()
    await vi.waitFor(() => expect(store.cameras.value[0]?.layout_version).toBe(1))
    expect(asked.change.mock.calls).toEqual([['cam_1', { name: 'Bar' }, '"camera-1"']])
    expect(asked.save.mock.calls.at(-1)?.[2]).toBeNull()
    await vi.waitFor(() => expect(root.querySelector('h1')?.textContent).toBe(T.setUp.live.almost('Bar')))
    expect([location.pathname, localStorage.length]).toEqual(['/cameras/cam_1/set-up/live', 0])
  })

  it('is saved though the answer was lost: the tables that are there already are its own', async () => {
    writeDrawing('cam_1', { version: null, drawing })
    const { button, heading, asked, store } = opened('/name')
    await heading(T.setUp.steps.name)
    await vi.waitFor(() => expect(button(T.setUp.name.save)?.getAttribute('aria-disabled')).toBe('false'))
    const [table] = layoutOf(drawing, SAVED.reference).tables
    vi.spyOn(store.client, 'taggedLayout').mockResolvedValue({ document: { ...SAVED, tables: [{ ...table, table_id: 'tbl_1' } as never] }, tag: '"layout-1"' })
    asked.save.mockRejectedValue(new Problem(412, 'version_conflict', 'Changed', 'It was changed.'))
    button(T.setUp.name.save)?.click()
    await vi.waitFor(() => expect(store.cameras.value[0]?.layout_version).toBe(1))
    await vi.waitFor(() => expect([location.pathname, readDrawing('cam_1')]).toEqual(['/cameras/cam_1/set-up/live', null]))
  })

  it('claims nothing of a camera whose tables are not saved, and leads back', async () => {
    const { root } = opened('/live')
    await vi.waitFor(() => expect(root.querySelector('h1')?.textContent).toBe(T.setUp.live.unsaved('Camera 3')))
    expect(root.querySelector('a.primary')?.getAttribute('href')).toBe('/cameras/cam_1/set-up')
  })

  it('says that somebody else has saved other tables, and keeps what was drawn', async () => {
    writeDrawing('cam_1', { version: null, drawing: withRegion(drawing, 'table', 'new-1') })
    const { root, store } = opened('/live')
    vi.spyOn(store.client, 'taggedLayout').mockResolvedValue({ document: SAVED, tag: '"layout-1"' })
    store.replaceCamera({ ...CAMERA, layout_version: 1 })
    await vi.waitFor(() => expect(root.textContent).toContain(T.setUp.live.others))
    expect(readDrawing('cam_1')?.drawing).toHaveLength(2)
  })

  it('says calmly that there are few pictures yet', async () => {
    const { root, button, heading, store } = opened('/tables')
    await heading(T.setUp.steps.tables)
    vi.spyOn(store.client, 'newSuggestions').mockRejectedValue(new Problem(409, 'no_pictures', 'No pictures', 'None is stored.'))
    await vi.waitFor(() => expect(button(T.suggest.ask)).toBeDefined())
    button(T.suggest.ask)?.click()
    await vi.waitFor(() => expect(root.textContent).toContain(T.setUp.noPictures))
    expect(root.querySelector('.error')).toBeNull()
  })

  it('does not save what is older than what another tab has drawn, until somebody decides', async () => {
    writeDrawing('cam_1', { version: null, drawing })
    const { root, button, heading, asked } = opened('/name')
    await heading(T.setUp.steps.name)
    await vi.waitFor(() => expect(button(T.setUp.name.save)?.getAttribute('aria-disabled')).toBe('false'))
    writeDrawing('cam_1', { version: null, drawing: withRegion(drawing, 'table', 'new-1') })
    dispatchEvent(new StorageEvent('storage', { key: 'tablewatch-begun/drawing/cam_1' }))
    await vi.waitFor(() => expect(root.querySelector('#hindrance')?.textContent).toBe(T.setUp.name.drawnElsewhere))
    button(T.setUp.name.save)?.click()
    button(T.editor.goOn)?.click()
    await vi.waitFor(() => expect(button(T.setUp.name.save)?.getAttribute('aria-disabled')).toBe('false'))
    expect([asked.save.mock.calls.length, readDrawing('cam_1')?.drawing.length]).toEqual([0, 2])
  })
})

