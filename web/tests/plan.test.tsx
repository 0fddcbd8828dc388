// @vitest-environment jsdom
import { describe, expect, it, vi } from 'vitest'
import { Client, Problem, type Plan, type Tagged } from '../src/client'
import { FloorPlan, usePlan } from '../src/parts/floor-plan'
import { arranged, movedTo, sizeOf } from '../src/plan'
import { T } from '../src/texts'
import { tableNow, type TableNow } from '../src/words'
import { show, storeOf } from './show'

const place = (table_id: string, x: number, y: number) => ({ table_id, x, y })

describe('a plan', () => {
  it('has each table where somebody put it, and others where there is room', () => {
    const places = [place('a', 1, 0), place('gone', 5, 5), place('b', 1, 0)]
    expect(arranged(['c', 'a', 'b'], places)).toEqual([place('a', 1, 0), place('c', 0, 0), place('b', 2, 0)])
    expect(arranged(['0', '1', '2', '3', '4', '5', '6'], []).at(-1)).toEqual(place('6', 0, 1))
  })

  it('has tables that move within the grid and change places', () => {
    const places = [place('a', 0, 0), place('b', 1, 0)]
    expect(movedTo(places, 'a', { x: 1, y: 0 })).toEqual([place('a', 1, 0), place('b', 0, 0)])
    expect(movedTo(places, 'a', { x: -3, y: 200 })).toEqual([place('a', 0, 99), place('b', 1, 0)])
    expect(movedTo(places, 'x', { x: 1, y: 1 })).toEqual(places)
    expect([sizeOf(places, false), sizeOf([place('a', 8, 3)], true)]).toEqual([{ x: 6, y: 1 }, { x: 10, y: 5 }])
  })
})

describe('the plan on the floor', () => {
  const table = (id: string) => tableNow({ table_id: id, site_id: 'site_1', camera_id: 'cam_1', label: id, seats: 2, section_id: null, created_at: '', retired_at: null }, null, 0)
  function Opened({ tables }: { tables: readonly TableNow[] }) {
    return <FloorPlan tables={tables} shown={tables} {...usePlan(true)} />
  }
  async function opened(scopes: string[]) {
    const client = new Client()
    const plan: Tagged<Plan> = { document: { site_id: 'site_1', version: 1, places: [place('1', 0, 0), place('old', 9, 9)] }, tag: '"plan-1"' }
    vi.spyOn(client, 'plan').mockResolvedValue(plan)
    const save = vi.spyOn(client, 'savePlan').mockImplementation((_, places) => Promise.resolve({ document: { ...plan.document, places }, tag: '"plan-2"' }))
    const store = storeOf(client, scopes)
    store.siteId.value = 'site_1'
    const tables = [table('1'), table('2')]
    const { LocationProvider } = await import('preact-iso')
    const root = show(<LocationProvider><Opened tables={tables} /></LocationProvider>, store)
    document.body.replaceChildren(root)
    await vi.waitFor(() => expect(root.querySelectorAll('.tile')).toHaveLength(2))
    const button = (...parts: string[]) => [...root.querySelectorAll('button')].find((each) => parts.every((part) => each.textContent?.includes(part)))
    return { root, save, button }
  }

  it('is arranged by the keyboard and saved over what was read, with places of tables that are gone', async () => {
    const { save, button, root } = await opened(['write'])
    button(T.plan.arrange)?.click()
    await vi.waitFor(() => expect(button('Table 2', T.plan.at(2, 1))).toBeDefined())
    button('Table 2', T.plan.at(2, 1))?.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true }))
    await vi.waitFor(() => expect(button('Table 2', T.plan.at(2, 2))).toBeDefined())
    save.mockRejectedValueOnce(new Problem(412, 'version_conflict', 'It was changed', 'Read it again.'))
    button(T.plan.save)?.click()
    await vi.waitFor(() => expect(root.textContent).toContain(T.plan.conflict))
    button(T.plan.arrange)?.click()
    await vi.waitFor(() => expect(button('Table 2', T.plan.at(2, 1))).toBeDefined())
    button('Table 2', T.plan.at(2, 1))?.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft', bubbles: true }))
    await vi.waitFor(() => expect(button('Table 1', T.plan.at(2, 1))).toBeDefined())
    button(T.plan.save)?.click()
    await vi.waitFor(() => expect(save).toHaveBeenLastCalledWith('site_1', [place('1', 1, 0), place('2', 0, 0), place('old', 9, 9)], '"plan-1"'))
    await vi.waitFor(() => expect(button(T.plan.arrange)).toBeDefined())
  })

  it('is looked at by who may not arrange it', async () => {
    const { root, button } = await opened(['read'])
    expect(button(T.plan.arrange)).toBeUndefined()
    expect(root.querySelector('.tile a')?.getAttribute('href')).toContain('why=1')
  })
})
