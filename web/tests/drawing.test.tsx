// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { Client, Problem, type Layout, type LayoutDiff, type LayoutVersion, type DryRun, type Point, type Seen, type SuggestedLayout, type SuggestedTable } from '../src/client'
import {
  begun,
  changed,
  crossesItself,
  digestOf,
  done,
  dragged,
  dragBegun,
  drawingOf,
  faultOf,
  freshKey,
  leastDistance,
  layoutOf,
  movedRegion,
  outlineOf,
  redone,
  regionAt,
  regionName,
  sideNear,
  tablesOf,
  takenBack,
  undone,
  withCornerAfter,
  withCornerAt,
  withCornerMoved,
  withoutCorner,
  withDuplicate,
  withoutRegion,
  withRegion,
  withTop,
} from '../src/drawing'
import { Dragging } from '../src/dragging'
import { elapsedOf } from '../src/dry-running'
import { warningsOf } from '../src/drawing-warnings'
import { readDrawing, writeDrawing } from '../src/drawing-draft'
import { shareInside, shareOfSmaller } from '../src/overlap'
import { personText } from '../src/parts/seen-people'
import { snapped } from '../src/snapping'
import { limitedZoom } from '../src/zoom'
import { T } from '../src/texts'
import { TableEditorView } from '../src/views/table-editor'
import { diffText, versionText } from '../src/words'
import { EMPTY_SNAPSHOT } from './documents'
import { show, storeOf } from './show'

const SQUARE: Point[] = [[0.2, 0.2], [0.4, 0.2], [0.4, 0.4], [0.2, 0.4]]
const LAYOUT: Layout = {
  camera_id: 'cam_1',
  version: 3,
  reference: { width: 1280, height: 720 },
  tables: [{ table_id: 'tbl_1', label: '7', seats: 4, section_id: 'sec_1', polygon: SQUARE, top: [[0.25, 0.25], [0.35, 0.25], [0.3, 0.35]] }],
  floor: [SQUARE],
  ignore: [SQUARE.slice(1)],
}
const drawing = drawingOf(LAYOUT)
const LONG_MS = 30_000

describe('a drawing', () => {
  it('has keys for what is new that nothing has', () => {
    expect(freshKey(withRegion(withRegion(drawing, 'floor', 'new-0'), 'table', 'new-1'))).toBe('new-2')
  })

  it('is given back as it was, and a new table without an id', () => {
    expect(tablesOf(drawing)).toEqual(LAYOUT.tables)
    const [, added] = tablesOf(withRegion(drawing, 'table', 'new-0'))
    expect(added).toEqual({ label: '8', seats: null, section_id: null, polygon: [[0.4, 0.4], [0.6, 0.4], [0.6, 0.6], [0.4, 0.6]], top: null })
    expect(tablesOf(withoutRegion(drawing, 'tbl_1'))).toEqual([])
  })

  it('has floor and ignore areas beside its tables, by names of their own', () => {
    expect(layoutOf(drawing, LAYOUT.reference)).toEqual({ reference: LAYOUT.reference, tables: LAYOUT.tables, floor: LAYOUT.floor, ignore: LAYOUT.ignore })
    const two = withRegion(drawing, 'ignore', 'new', SQUARE)
    expect(two.map((each) => regionName(two, each))).toEqual(['Table 7', 'Floor 1', 'Ignore area 1', 'Ignore area 2'])
    expect(layoutOf(two, LAYOUT.reference).ignore).toEqual([...LAYOUT.ignore, SQUARE])
    expect(faultOf(two)).toBeNull()
    expect(faultOf(withRegion(drawing, 'floor', 'new', [[0, 0], [1, 1], [1, 0], [0, 1]]))).toEqual({ kind: 'crossing', key: 'new' })
    expect(['/ignore/1', '/tables/0/top', '/floor/0', '/floor/7', ''].map((each) => regionAt(two, each)?.key)).toEqual(['new', 'tbl_1', 'floor-0', undefined, undefined])
  })

  it('has corners that move within the picture, come and go, but for the last three', () => {
    expect(withCornerAt(drawing, 'tbl_1', 1, [1.2, -0.1])[0]?.polygon[1]).toEqual([1, 0])
    expect(withCornerMoved(withCornerMoved(drawing, 'tbl_1', 1, [0.1, 0]), 'tbl_1', 1, [0, -0.9])[0]?.polygon[1]).toEqual([0.5, 0])
    const five = withCornerAfter(drawing, 'tbl_1', 3)
    expect(five[0]?.polygon[4]).toEqual([0.2, expect.closeTo(0.3)])
    expect(withCornerAfter(drawing, 'tbl_1', 0, [0.3, 0.1])[0]?.polygon[1]).toEqual([0.3, 0.1])
    const three = withoutCorner(drawing, 'tbl_1', 0)
    expect(three[0]?.polygon).toEqual(SQUARE.slice(1))
    expect(withoutCorner(three, 'tbl_1', 0)).toBe(three)
  })

  it('has tables that move as a whole, with their tops, as far as the picture goes', () => {
    const [table] = movedRegion(drawing, 'tbl_1', [0.9, -0.1])
    const near = (points: Point[]) => points.map(([x, y]) => [expect.closeTo(x), expect.closeTo(y)])
    expect(table?.polygon).toEqual(near([[0.8, 0.1], [1, 0.1], [1, 0.3], [0.8, 0.3]]))
    expect(table?.top?.[0]).toEqual([expect.closeTo(0.85), expect.closeTo(0.15)])
  })

  it('knows the side that is meant, and how near its corners are', () => {
    expect([[0.3, 0.21], [0.41, 0.3], [0.3, 0.45], [0.1, 0.3]].map((point) => sideNear(SQUARE, point as Point))).toEqual([0, 1, 2, 3])
    expect(leastDistance(SQUARE, { width: 200, height: 100 })).toBeCloseTo(0.1)
  })

  it('can be undone and redone; of a drag there is one step', () => {
    const moved = changed(drawing, 'tbl_1', { seats: 2 })
    let history = done(begun(drawing), moved)
    history = dragged(dragged(dragBegun(history), withRegion(moved, 'table', 'b')), withRegion(moved, 'table', 'c'))
    expect(undone(history).now).toBe(moved)
    expect(undone(undone(undone(history))).now).toBe(drawing)
    expect(redone(redone(undone(undone(history)))).now).toBe(history.now)
    expect(done(undone(history), drawing).future).toEqual([])
    const back = takenBack(history)
    expect([back.now, back.future, takenBack(begun(drawing)).now]).toEqual([moved, [], drawing])
  })

  it('can be redone after a drag that changed nothing, and not after one that did', () => {
    const moved = changed(drawing, 'tbl_1', { seats: 2 })
    const history = dragBegun(undone(done(begun(drawing), moved)))
    expect(redone(history).now).toBe(moved)
    const elsewhere = dragged(history, changed(drawing, 'tbl_1', { seats: 9 }))
    expect([elsewhere.past.length, elsewhere.future]).toEqual([1, []])
    const home = dragged(elsewhere, [...drawing])
    expect([home.past, home.now, redone(home).now]).toEqual([[], drawing, moved])
    expect(redone(takenBack(elsewhere)).now).toBe(moved)
  })

  it('has a digest of what it is, without its keys', () => {
    const [one, other] = ['a', 'b'].map((key) => withRegion(drawing, 'table', key))
    expect(digestOf(one!)).toBe(digestOf(other!))
    expect(digestOf(drawingOf(LAYOUT))).toBe(digestOf(drawing))
    expect(digestOf(withCornerMoved(drawing, 'tbl_1', 0, [0.004, 0]))).not.toBe(digestOf(drawing))
  })

  it('says what would be refused', () => {
    expect(faultOf(drawing)).toBeNull()
    expect(faultOf(changed(drawing, 'tbl_1', { label: ' ' }))).toEqual({ kind: 'nameless', key: 'tbl_1' })
    const two = withRegion(drawing, 'table', 'new')
    expect(faultOf(changed(two, 'new', { label: '7 ' }))).toEqual({ kind: 'doubled', key: 'new' })
    const crossing: Point[] = [[0, 0], [1, 1], [1, 0], [0, 1]]
    expect(faultOf(changed(drawing, 'tbl_1', { polygon: crossing }))).toEqual({ kind: 'crossing', key: 'tbl_1' })
    expect(crossesItself(SQUARE)).toBe(false)
    expect(crossesItself(SQUARE.slice(1))).toBe(false)
  })
})

const VERSIONS: LayoutVersion[] = [
  { version: 3, created_at: '2026-11-23T09:00:00.000Z', tables: 1, newest: true, author: 'Manager', origin: 'restored', restored_from: 1 },
  { version: 2, created_at: '2026-11-22T09:00:00.000Z', tables: 2, newest: false, author: 'Manager', origin: 'imported', restored_from: null },
]
const DIFF: LayoutDiff = {
  from_version: 2, version: 3, new: ['tbl_1'], retired: ['tbl_2'], merged_from: { tbl_1: ['tbl_1', 'tbl_2'] }, split_from: {},
  changed: [{ table_id: 'tbl_1', label: '7', fields: ['polygon', 'seats'], iou: 0.9 }], floor_changed: false, ignore_changed: true, reference_changed: false,
}

describe('a table and its top', () => {
  const top = [[0.25, 0.25], [0.35, 0.25], [0.3, 0.35]]

  it('are drawn each by itself', () => {
    const moved = withCornerAt(drawing, 'tbl_1', 0, [0.26, 0.26], 'top')
    expect([moved[0]?.top?.[0], moved[0]?.polygon]).toEqual([[0.26, 0.26], SQUARE])
    expect(withoutCorner(drawing, 'tbl_1', 0, 'top')).toBe(drawing)
    expect(withCornerAfter(drawing, 'tbl_1', 0, undefined, 'top')[0]?.top).toHaveLength(4)
    const [table] = movedRegion(drawing, 'tbl_1', [-0.5, 0], 'top')
    expect([table?.polygon, table?.top?.map(([x]) => Number(x.toFixed(3)))]).toEqual([SQUARE, [0, 0.1, 0.05]])
    expect(faultOf(changed(drawing, 'tbl_1', { top: [[0, 0], [1, 1], [1, 0], [0, 1]] }))).toEqual({ kind: 'crossing', key: 'tbl_1' })
  })

  it('a top begins in the middle of its table, and the copy of a table has both beside it', () => {
    const [table] = withTop(changed(drawing, 'tbl_1', { top: null }), 'tbl_1')
    expect(outlineOf(table!, 'top').map((point) => point.map((each) => Number(each.toFixed(3))))).toEqual([[0.25, 0.25], [0.35, 0.25], [0.35, 0.35], [0.25, 0.35]])
    const copy = withDuplicate(drawing, 'tbl_1', 'new').at(-1)!
    expect([copy.label, copy.table_id, copy.seats, copy.polygon[0]?.[0].toFixed(2), copy.top?.length]).toEqual(['8', null, 4, '0.24', top.length])
    const corner = withRegion([], 'ignore', 'a', [[0.9, 0.9], [1, 0.9], [1, 1]])
    expect(withDuplicate(corner, 'a', 'b')[1]?.polygon.map((point) => point.map((each) => Number(each.toFixed(2))))).toEqual([[0.86, 0.86], [0.96, 0.86], [0.96, 0.96]])
  })
})

describe('what may be wrong with tables', () => {
  const size = { width: 1280, height: 720 }
  const texts = (regions: Point[][]) => warningsOf(regions.reduce<ReturnType<typeof drawingOf>>((now, polygon, at) => withRegion(now, 'table', `new-${at}`, polygon), []), size).map(({ text }) => text)
  const box = (x: number, y: number, width: number, height: number): Point[] => [[x, y], [x + width, y], [x + width, y + height], [x, y + height]]

  it('is that nobody fits, or that the heads are outside, as the API has it', () => {
    expect(texts([box(0, 0, 24 / 1280, 0.2)])).toEqual([])
    expect(texts([box(0, 0, 23 / 1280, 0.2)])).toEqual([T.editor.warnings.small('Table 1')])
    expect(texts([box(0, 0, 0.2, 38 / 720)])).toEqual([T.editor.warnings.small('Table 1')])
    expect(texts([box(0, 0, 0.2, 39 / 720)])).toEqual([])
    const zone = (share: number) => warningsOf(changed(drawing, 'tbl_1', { top: box(0.2, 0.2, 0.2 * share, 0.2) }), size).map(({ text }) => text)
    expect([zone(0.6), zone(0.7)]).toEqual([[], [T.editor.warnings.top('Table 7')]])
  })

  it('is that much of one lies in another', () => {
    expect(texts([box(0.1, 0.1, 0.2, 0.2), box(0.25, 0.1, 0.2, 0.2)])).toEqual([])
    expect(texts([box(0.1, 0.1, 0.2, 0.2), box(0.2, 0.1, 0.4, 0.2)])).toEqual([T.editor.warnings.overlap('Table 1', 'Table 2', 50)])
    expect(texts([box(0.1, 0.1, 0.4, 0.2), box(0.4, 0.1, 0.2, 0.2)])).toEqual([T.editor.warnings.overlap('Table 2', 'Table 1', 50)])
  })
})

describe('a corner that is pulled', () => {
  const screen = { width: 1000, height: 500 }

  it('catches at corners of other outlines, else at their sides, and at nothing far away', () => {
    const other = withRegion([], 'table', 'a', SQUARE)
    expect(snapped([0.205, 0.21], other, null, screen)).toEqual([0.2, 0.2])
    expect(snapped([0.3, 0.215], other, null, screen)).toEqual([0.3, 0.2])
    expect(snapped([0.3, 0.23], other, null, screen)).toEqual([0.3, 0.23])
    expect(snapped([0.205, 0.21], other, 'a', screen)).toEqual([0.205, 0.21])
  })
})

describe('a finger on what can be dragged', () => {
  const finger = (pointerId: number, clientX: number) => ({ pointerId, isPrimary: pointerId === 1, clientX, clientY: 0 })

  it('drags it once it has moved a little, alone, until it is lifted', () => {
    const dragging = new Dragging()
    expect(dragging.press()).toBe(false)
    dragging.hold(finger(1, 10))
    expect([13, 14, 13].map((x) => dragging.move(finger(1, x)))).toEqual(['not', 'begins', 'goes on'])
    expect([dragging.move(finger(2, 50)), dragging.holds]).toEqual(['not', true])
    dragging.release(finger(2, 50))
    expect(dragging.move(finger(1, 20))).toBe('goes on')
    dragging.release(finger(1, 20))
    expect([dragging.move(finger(1, 30)), dragging.moved, dragging.holds]).toEqual(['not', true, false])
    expect([dragging.press(), dragging.moved]).toEqual([false, false])
  })

  it('drags nothing more when a second one comes, and its step is to be taken back', () => {
    const dragging = new Dragging()
    dragging.hold(finger(1, 10))
    dragging.move(finger(1, 20))
    expect(dragging.press()).toBe(true)
    dragging.hold(finger(2, 50))
    expect([finger(1, 30), finger(2, 70)].map((each) => dragging.move(each))).toEqual(['not', 'not'])
    expect(dragging.press()).toBe(false)
  })
})

it('of a dry run the rest is counted from its answer, whatever the clock of the device says', () => {
  const run = { began_at: '2026-11-23T09:00:00.000Z', until: '2026-11-23T09:01:00.000Z' }
  const early = Date.parse('2026-11-23T08:00:00.000Z')
  expect(elapsedOf(run, { digest: '', at: early }, early + 15_000)).toEqual({ share: 0.25, left: 45 })
  expect(elapsedOf(run, { digest: '', at: early }, early + 90_000)).toEqual({ share: 1, left: 0 })
  expect(elapsedOf(run, null, Date.parse(run.began_at) + 30_000)).toEqual({ share: 0.5, left: 30 })
})

it('a picture is as large as it is shown at first, or larger, within bounds', () => {
  expect([0.2, 1.01, 1.5, 40].map(limitedZoom)).toEqual([1, 1, 1.5, 6])
})

describe('two outlines', () => {
  it('share what lies in both', () => {
    const right = SQUARE.map(([x, y]): Point => [x + 0.1, y])
    expect([shareInside(SQUARE, right), shareInside([...SQUARE].reverse(), right), shareInside(SQUARE, SQUARE)].map((each) => each.toFixed(3))).toEqual(['0.500', '0.500', '1.000'])
    const large: Point[] = [[0, 0], [1, 0], [1, 1], [0.5, 0.7], [0, 1]]
    expect([shareInside(SQUARE, large), shareInside(large, SQUARE), shareOfSmaller(large, SQUARE)].map((each) => each.toFixed(3))).toEqual(['1.000', '0.040', '1.000'])
    expect(shareInside(SQUARE, SQUARE.map(([x, y]): Point => [x + 0.3, y]))).toBe(0)
    expect(shareInside([[0, 0], [0, 0], [0, 0]], SQUARE)).toBe(0)
  })
})

describe('what is said of a version', () => {
  it('is how it came about, and each thing that differs', () => {
    expect(VERSIONS.map(versionText)).toEqual(['1 table · Version 1 restored by Manager', '2 tables · Imported by Manager'])
    const nameOf = (id: string) => `Table ${id.slice(4)}`
    expect(diffText(DIFF, nameOf)).toEqual(['New: Table 1', 'Gone: Table 2', 'Table 1 is Table 1, Table 2 pushed together', 'Table 7: other outline, seats', 'Other ignore areas'])
    expect(diffText({ ...DIFF, new: [], retired: [], merged_from: {}, changed: [], ignore_changed: false }, nameOf)).toEqual([T.versions.same])
  })
})

it('of a person in the picture it says to which table they are given, or why to none', () => {
  const seen = (change: Partial<Seen>): Seen => ({ label: 'person', score: 0.9, box: [0, 0, 1, 1], table_id: 'a', share: 1, second_table_id: 'a', doubtful: false, ignored: null, ...change })
  const text = (change: Partial<Seen>) => personText(seen(change), (id) => `Table ${id}`)
  expect([text({}), text({ doubtful: true, second_table_id: 'b' }), text({ table_id: null, second_table_id: null }), text({ table_id: null, ignored: 'ignore_area' })]).toEqual(
    ['Table a', 'Table a or Table b?', T.editor.seen.nowhere, T.editor.seen.ignored])
})

describe('the editor', () => {
  beforeEach(() => {
    localStorage.clear()
    vi.restoreAllMocks()
    Element.prototype.scrollIntoView = () => undefined // jsdom has none
  })

  async function opened(layout: Layout | null) {
    const client = new Client()
    const missing = new Problem(404, 'layout_not_found', 'No such layout', 'Draw one.')
    if (layout) vi.spyOn(client, 'taggedLayout').mockResolvedValue({ document: layout, tag: '"layout-3"' })
    else vi.spyOn(client, 'taggedLayout').mockRejectedValue(missing)
    vi.spyOn(client, 'cameraView').mockResolvedValue({ url: '/p.jpg', width: 1280, height: 720 } as never)
    vi.spyOn(client, 'layoutHints').mockResolvedValue([{ table_id: 'tbl_1', label: '7', reason: 'zone_too_small', sentence: 'It is too small.', looks: 12 }])
    const save = vi.spyOn(client, 'saveLayout').mockResolvedValue({ ...LAYOUT, warnings: [] })
    vi.spyOn(client, 'layoutVersions').mockResolvedValue(VERSIONS)
    const store = storeOf(client)
    store.cameras.value = [{ camera_id: 'cam_1', site_id: 'site_1', name: 'Bar', layout_version: layout?.version ?? null }]
    store.receive({ type: 'snapshot', data: EMPTY_SNAPSHOT })
    history.replaceState(null, '', '/cameras/cam_1/tables')
    const { Route, Router } = await import('preact-iso')
    const root = show(<Router>{[<Route path="/cameras/:id/tables" component={TableEditorView} />]}</Router>, store)
    document.body.replaceChildren(root)
    await vi.waitFor(() => expect(root.querySelector('.canvas')).not.toBeNull())
    const button = (name: string) => [...root.querySelectorAll('button')].find((each) => each.textContent === name || each.getAttribute('aria-label') === name)
    return { root, save, button, client }
  }

  it('draws a table by the keyboard, and saves it over what was read', async () => {
    const { root, save, button } = await opened(LAYOUT)
    expect(root.textContent).toContain(T.editor.hint('Table 7', 'It is too small.', 12))
    expect(button(T.editor.save)?.disabled).toBe(true)
    button(T.editor.middle)?.click()
    await vi.waitFor(() => expect(root.querySelectorAll('.corner')).toHaveLength(4))
    root.querySelector('.corner')?.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft', shiftKey: true, bubbles: true }))
    await vi.waitFor(() => expect(root.querySelector('.corner')?.getAttribute('aria-label')).toBe(T.editor.corner(1, 'Table 8', 38, 40)))
    button(T.editor.undo)?.click()
    await vi.waitFor(() => expect(root.querySelector('.corner')?.getAttribute('aria-label')).toBe(T.editor.corner(1, 'Table 8', 40, 40)))
    button(T.editor.save)?.click()
    await vi.waitFor(() => expect(save).toHaveBeenCalledTimes(1))
    const [camera, given, tag] = save.mock.calls[0] ?? []
    expect([camera, tag]).toEqual(['cam_1', '"layout-3"'])
    expect(given?.tables.map(({ label, table_id }) => [label, table_id])).toEqual([['7', 'tbl_1'], ['8', undefined]])
    expect(given?.floor).toEqual(LAYOUT.floor)
  })

  it('draws an ignore area and takes the floor away', async () => {
    const { root, save, button } = await opened(LAYOUT)
    button(T.editor.kinds.ignore)?.click()
    await vi.waitFor(() => expect(button(T.editor.draw.ignore)).toBeDefined())
    button(T.editor.middle)?.click()
    await vi.waitFor(() => expect(root.querySelector('.corner')?.getAttribute('aria-label')).toBe(T.editor.corner(1, 'Ignore area 2', 40, 40)))
    expect(root.querySelectorAll('.drawn[data-kind="ignore"]')).toHaveLength(2)
    button('Floor 1')?.click()
    await vi.waitFor(() => expect(button(T.editor.remove.floor)).toBeDefined())
    button(T.editor.remove.floor)?.click()
    await vi.waitFor(() => expect(root.querySelector('.drawn[data-kind="floor"]')).toBeNull())
    save.mockRejectedValueOnce(new Problem(422, 'polygon_too_small', 'The outline is too small', '/ignore/1: it covers less.', '/ignore/1'))
    button(T.editor.save)?.click()
    await vi.waitFor(() => expect(root.querySelector('.callout')?.textContent).toBe('Ignore area 2: The outline is too small (polygon_too_small)'))
    const given = save.mock.calls[0]?.[1]
    expect([given?.tables.length, given?.floor, given?.ignore.length]).toEqual([1, [], 2])
  })

  it('keeps what was drawn for who comes back, until it is saved', async () => {
    const { root, button } = await opened(LAYOUT)
    button(T.editor.middle)?.click()
    await vi.waitFor(() => expect(readDrawing('cam_1')).toMatchObject({ version: 3, drawing: { length: 4 } }))
    expect(root.textContent).toContain(T.editor.unsaved)
    const again = await opened(LAYOUT)
    expect(again.root.textContent).toContain(T.editor.kept)
    again.button(T.editor.goOn)?.click()
    await vi.waitFor(() => expect(again.root.querySelectorAll('.drawn[data-kind="table"]')).toHaveLength(2))
    again.button(T.editor.save)?.click()
    await vi.waitFor(() => expect(again.save).toHaveBeenCalledTimes(1))
    await vi.waitFor(() => expect(readDrawing('cam_1')).toBeNull())
  })

  it('leaves what was kept as it is while nobody has said whether it is wanted', async () => {
    const kept = { version: 3, drawing: withRegion(drawing, 'table', 'new-0', [[0.7, 0.7], [0.9, 0.7], [0.9, 0.9]]) }
    writeDrawing('cam_1', kept)
    const { root, button } = await opened(LAYOUT)
    button(T.editor.middle)?.click()
    button(T.editor.middle)?.click()
    await vi.waitFor(() => expect(root.querySelectorAll('.drawn[data-kind="table"]')).toHaveLength(3))
    expect([readDrawing('cam_1'), root.textContent?.includes(T.editor.kept)]).toEqual([kept, true])
    button(T.editor.goOn)?.click()
    await vi.waitFor(() => expect(root.querySelectorAll('.drawn[data-kind="table"]')).toHaveLength(2))
    expect(root.textContent).not.toContain(T.editor.kept)
  })

  it('says of what was kept that the tables were changed since, and throws it away', async () => {
    writeDrawing('cam_1', { version: 2, drawing })
    const { root, button } = await opened(LAYOUT)
    expect(root.textContent).toContain(T.editor.keptOfOlder)
    button(T.editor.discard)?.click()
    await vi.waitFor(() => expect(readDrawing('cam_1')).toBeNull())
    expect(button(T.editor.save)?.disabled).toBe(true)
    localStorage.setItem('tablewatch-begun/drawing/cam_1', '{"version":3,"drawing":[{"kind":"x"}]}')
    expect(readDrawing('cam_1')).toBeNull()
  })

  it('shows versions with what they changed, and restores one over the newest', async () => {
    const { root, button, client } = await opened(LAYOUT)
    vi.spyOn(client, 'layoutDiff').mockResolvedValue(DIFF)
    const restore = vi.spyOn(client, 'restoreLayout').mockResolvedValue(LAYOUT)
    vi.stubGlobal('confirm', () => true)
    const named = (what: string, version: number) => button(`${what} ${T.versions.version(version)}`)
    await vi.waitFor(() => expect(named(T.versions.diff, 3)).toBeDefined())
    named(T.versions.diff, 3)?.click()
    await vi.waitFor(() => expect(root.textContent).toContain('Other ignore areas'))
    named(T.versions.restore, 2)?.click()
    await vi.waitFor(() => expect(restore).toHaveBeenCalledWith('cam_1', 2, '"layout-3"'))
  })

  it('of a file that cannot be taken says why', async () => {
    const { root, client } = await opened(LAYOUT)
    const take = vi.spyOn(client, 'importLayout').mockRejectedValue(new Problem(422, 'layout_format_invalid', 'Not of this form', 'Expected `object`.'))
    const input = root.querySelector('#import-file') as HTMLInputElement
    const choose = (text: string) => {
      Object.defineProperty(input, 'files', { value: [{ name: 'a.json', size: text.length, text: () => Promise.resolve(text) }], configurable: true })
      Object.defineProperty(input, 'value', { value: '', writable: true, configurable: true })
      input.dispatchEvent(new Event('change', { bubbles: true }))
    }
    choose('no')
    await vi.waitFor(() => expect(root.textContent).toContain(T.versions.noJson('a.json')))
    choose('{}')
    await vi.waitFor(() => expect(root.textContent).toContain('(layout_format_invalid)'))
    expect(take).toHaveBeenCalledWith('cam_1', 'crop', {}, null, '"layout-3"')
  })

  it('of a camera without a layout makes the first one, and names the table that is refused', async () => {
    const { root, save, button } = await opened(null)
    save.mockRejectedValue(new Problem(422, 'polygon_too_small', 'The outline is too small', '/tables/0/polygon: it covers less.', '/tables/0/polygon'))
    button(T.editor.middle)?.click()
    await vi.waitFor(() => expect(button(T.editor.save)?.disabled).toBe(false))
    button(T.editor.save)?.click()
    await vi.waitFor(() => expect(root.querySelector('.callout')?.textContent).toBe('Table 1: The outline is too small (polygon_too_small)'))
    expect(save.mock.calls[0]?.[2]).toBeNull()
  })

  const suggestedTable = (label: string, polygon: Point[]): SuggestedTable => ({ label, seats: null, polygon, top: null, confidence: 0.85, people: 1, sat_s: 240, seen_share: 0, why: `Somebody sat here for 240 s.` })
  const suggested = (looked: number, tables: SuggestedTable[] = []): SuggestedLayout => ({ camera_id: 'cam_1', since: '', until: '', frames: 40, looked, tables })

  it('has tables suggested, and takes those that are accepted into the drawing, until that is undone', async () => {
    const { root, button, client } = await opened(LAYOUT)
    const begin = vi.spyOn(client, 'newSuggestions').mockResolvedValue({ suggested: suggested(12), location: '/where' })
    let release = (_: SuggestedLayout) => {}
    const ask = vi.spyOn(client, 'suggestions').mockReturnValue(new Promise((resolve) => (release = resolve)))
    button(T.suggest.ask)?.click()
    await vi.waitFor(() => expect(root.textContent).toContain('12 of 40 pictures were looked at.'))
    await vi.waitFor(() => expect(ask).toHaveBeenCalledWith('/where'), LONG_MS)
    const far = (x: number): Point[] => [[x, 0.6], [x + 0.1, 0.6], [x + 0.1, 0.8], [x, 0.8]]
    release(suggested(40, [suggestedTable('1', SQUARE), suggestedTable('2', far(0.1)), suggestedTable('7', far(0.4)), suggestedTable('4', far(0.7))]))
    await vi.waitFor(() => expect(root.querySelectorAll('.suggested')).toHaveLength(3))
    expect(begin).toHaveBeenCalledWith('cam_1', 10)
    expect(root.textContent).toContain(T.suggest.found(4, 3, 1, 40))
    const of = (what: string, label: string) => button(`${what} ${T.suggest.name(label)}`)
    of(T.suggest.dismiss, '4')?.click()
    await vi.waitFor(() => expect(root.querySelectorAll('.suggested')).toHaveLength(2))
    button(T.suggest.acceptAll(2))?.click()
    await vi.waitFor(() => expect(root.querySelectorAll('.suggested')).toHaveLength(0))
    expect([...root.querySelectorAll('.drawn[data-kind="table"] text')].map((each) => each.textContent)).toEqual(['7', '2', '8'])
    button(T.editor.undo)?.click()
    await vi.waitFor(() => expect(root.querySelectorAll('.suggested')).toHaveLength(2))
  }, LONG_MS)

  it('takes every suggestion that is accepted, though nothing was drawn between two of them', async () => {
    const { root, button, client } = await opened(LAYOUT)
    const far = (x: number): Point[] => [[x, 0.6], [x + 0.1, 0.6], [x + 0.1, 0.8], [x, 0.8]]
    vi.spyOn(client, 'newSuggestions').mockResolvedValue({ suggested: suggested(40, [suggestedTable('1', far(0.1)), suggestedTable('2', far(0.4)), suggestedTable('3', far(0.7))]), location: '/where' })
    button(T.suggest.ask)?.click()
    await vi.waitFor(() => expect(root.querySelectorAll('.suggested')).toHaveLength(3))
    const of = (what: string, label: string) => button(`${what} ${T.suggest.name(label)}`)
    of(T.suggest.accept, '1')?.click()
    expect(document.activeElement).toBe(of(T.suggest.accept, '2'))
    of(T.suggest.accept, '3')?.click()
    await vi.waitFor(() => expect([...root.querySelectorAll('.drawn[data-kind="table"] text')].map((each) => each.textContent)).toEqual(['7', '1', '3']))
    of(T.suggest.dismiss, '2')?.click()
    expect(document.activeElement?.id).toBe('suggested')
  })

  it('warns while it is drawn, duplicates, draws the top of a table, and zooms by the keyboard', async () => {
    const { root, button, save } = await opened(LAYOUT)
    const wait = (check: () => void) => vi.waitFor(check, LONG_MS)
    button('7')?.click()
    await wait(() => expect(button(T.editor.duplicate)).toBeDefined())
    button(T.editor.duplicate)?.click()
    await wait(() => expect(root.querySelector('.warnings')?.textContent).toBe(T.editor.warnings.overlap('Table 7', 'Table 8', 64)))
    expect(root.querySelectorAll('.drawn[data-warned="true"]')).toHaveLength(1)
    button(T.editor.parts.top)?.click()
    await wait(() => expect(root.querySelector('.corner')?.getAttribute('aria-label')).toContain(T.editor.topOf('Table 8')))
    button(T.editor.removeTop)?.click()
    await wait(() => expect(button(T.editor.addTop)).toBeDefined())
    button(T.editor.addTop)?.click()
    await wait(() => expect(root.querySelectorAll('.corner')).toHaveLength(4))
    const canvas = root.querySelector('.canvas-scroll')
    const press = (key: string) => canvas?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }))
    press('+')
    await wait(() => expect(root.querySelector('.zoom')?.textContent).toContain('150 %'))
    press('-')
    await wait(() => expect(root.querySelector('.zoom')?.textContent).toContain('100 %'))
    button(T.editor.save)?.click()
    await wait(() => expect(save).toHaveBeenCalledTimes(1))
    expect(save.mock.calls[0]?.[1].tables.map(({ label, top }) => [label, top?.length])).toEqual([['7', 3], ['8', 4]])
  }, LONG_MS)

  const dryRun = (change: Partial<DryRun>): DryRun => ({ dry_run_id: 'dry_1', site_id: 'site_1', camera_id: 'cam_1', status: 'running', began_at: '2026-11-23T09:00:00.000Z', until: '2026-11-23T09:01:00.000Z', layout_version: null, pictures: 0, asked: 0, looked: 0, sentence: '', tables: [{ table_id: 'tbl_9', label: '8', state: null, why: 'Too few pictures were looked at so far.', transitions: [] }], view: null, ...change })

  it('has a dry run of the tables as they are drawn, and shows what comes of it', async () => {
    const { button, root, client, save } = await opened(LAYOUT)
    const wait = (check: () => void) => vi.waitFor(check, LONG_MS)
    button(T.editor.middle)?.click()
    const begin = vi.spyOn(client, 'beginDryRun').mockResolvedValue(dryRun({}))
    const view = { url: '/dry-run.jpg', width: 1280, height: 720, seen: [] } as never
    const ask = vi.spyOn(client, 'dryRun').mockResolvedValue(dryRun({ pictures: 2, looked: 1, view }))
    const picture = () => root.querySelector('.canvas img')?.getAttribute('src')
    await wait(() => expect(root.querySelectorAll('.drawn[data-kind="table"]')).toHaveLength(2))
    button(T.dryRun.begin)?.click()
    await wait(() => expect(root.textContent).toContain(T.dryRun.looked(1, 2)))
    expect([root.querySelector('.dry-run')?.textContent, picture()]).toEqual([`Table 8${T.dryRun.waiting}`, '/dry-run.jpg'])
    const [camera, given, seconds] = begin.mock.calls[0] ?? []
    expect([camera, given?.tables.length, seconds, save.mock.calls.length]).toEqual(['cam_1', 2, 60, 0])
    const state = { state: 'free', evidence: { people: 0 } }
    const transition = (name: string) => ({ state: name, previous_state: null, confidence: 1, people: 0, since: '', as_of: '', reason: 'evidence', unknown_reason: null })
    const table = { table_id: 'tbl_9', label: '8', state, why: null, transitions: [transition('occupied'), transition('free')] }
    ask.mockResolvedValue(dryRun({ status: 'done', pictures: 6, looked: 6, sentence: '6 pictures of 60 s.', tables: [table as never], view }))
    await wait(() => expect(root.textContent).toContain('6 pictures of 60 s.'))
    expect([root.querySelector('.dry-run')?.textContent, picture()]).toEqual(['Table 8FreeWas Occupied.', '/p.jpg'])
    expect(root.textContent).not.toContain(T.dryRun.changed)
    button(T.editor.undo)?.click()
    await wait(() => expect(root.textContent).toContain(T.dryRun.changed))
    button(T.dryRun.close)?.click()
    await wait(() => expect(root.querySelector('.dry-run')).toBeNull())
    expect([document.activeElement?.id, localStorage.getItem('tablewatch-begun/dry-run-begun/cam_1')]).toEqual(['dry-run', null])
  }, LONG_MS)

  it('follows a dry run that was begun before, and says why another one is refused', async () => {
    localStorage.setItem('tablewatch-begun/dry-run/cam_1', 'dry_1')
    const client = new Client()
    let answer = (_: DryRun) => {}
    vi.spyOn(Client.prototype, 'dryRun').mockReturnValue(new Promise((resolve) => (answer = resolve)))
    vi.spyOn(Client.prototype, 'beginDryRun').mockRejectedValue(new Problem(409, 'camera_paused', 'The camera is paused', 'Switch it on.'))
    const { root, button } = await opened(LAYOUT)
    const wait = (check: () => void) => vi.waitFor(check, LONG_MS)
    expect([root.textContent?.includes(T.dryRun.looking), button(T.dryRun.stop)?.disabled]).toEqual([true, false])
    await wait(() => expect(vi.mocked(client.dryRun)).toHaveBeenCalled())
    answer(dryRun({ status: 'done', sentence: '6 pictures of 60 s.' }))
    await wait(() => expect(root.textContent).toContain('6 pictures of 60 s.'))
    expect(root.textContent).toContain(T.dryRun.changed)
    button(T.dryRun.longer)?.click()
    await wait(() => expect(root.textContent).toContain('(camera_paused)'))
    const drawn = layoutOf(drawing, { width: 1280, height: 720 })
    expect(vi.mocked(client.beginDryRun).mock.calls).toEqual([['cam_1', drawn, 300, expect.stringMatching(/^[0-9a-f]{32}$/)]])
  }, LONG_MS)

  it('says what to do where no table is suggested, and where there is no picture', async () => {
    const { root, button, client } = await opened(null)
    const begin = vi.spyOn(client, 'newSuggestions').mockResolvedValueOnce({ suggested: suggested(40), location: '/where' })
    button(T.suggest.ask)?.click()
    await vi.waitFor(() => expect(root.textContent).toContain(T.suggest.none(40)))
    begin.mockRejectedValueOnce(new Problem(409, 'no_pictures', 'No picture', 'No picture is stored.'))
    button(T.suggest.further)?.click()
    await vi.waitFor(() => expect(root.textContent).toContain(T.suggest.noPictures(60)))
    expect(begin.mock.calls.map(([, minutes]) => minutes)).toEqual([10, 60])
  })

  it('does not save over what somebody else has drawn meanwhile, unless that is wanted', async () => {
    const { save, button } = await opened(LAYOUT)
    save.mockRejectedValueOnce(new Problem(412, 'version_conflict', 'It was changed', 'Read it again.'))
    button(T.editor.middle)?.click()
    await vi.waitFor(() => expect(button(T.editor.save)?.disabled).toBe(false))
    button(T.editor.save)?.click()
    await vi.waitFor(() => expect(button(T.editor.keepMine)).toBeDefined())
    button(T.editor.keepMine)?.click()
    await vi.waitFor(() => expect(save).toHaveBeenCalledTimes(2))
  })
})
