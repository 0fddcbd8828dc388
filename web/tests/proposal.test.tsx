// @vitest-environment jsdom
import { beforeEach, describe, expect, it, vi } from 'vitest'
import movedStatus from '../../schemas/camera.status/examples/v1/moved.json'
import { Client, Problem, type Camera, type Layout, type LayoutProposal, type LayoutTable } from '../src/client'
import type { CameraStatus } from '../src/generated/events'
import { ProposalCard } from '../src/parts/proposal'
import { moveOf, precisionOf } from '../src/proposal'
import { T } from '../src/texts'
import { show, storeOf } from './show'

const STATUS = { ...movedStatus.value } as unknown as CameraStatus
const PROPOSAL_ID = STATUS.layout_proposal?.proposal_id ?? ''
const table = (table_id: string, label: string): LayoutTable => ({ table_id, label, seats: 2, section_id: null, polygon: [[0.1, 0.1], [0.3, 0.1], [0.3, 0.3]], top: null })
const LOST = STATUS.layout_proposal?.lost_table_ids[0] ?? ''
const LAYOUT: Layout = { camera_id: STATUS.camera_id, version: 3, reference: { width: 1280, height: 720 }, tables: [table('tbl_1', '1'), table(LOST, 'Window')], floor: [], ignore: [] }
const CAMERA: Camera = { camera_id: STATUS.camera_id, site_id: STATUS.site_id, name: 'Bar', layout_version: 3, version: 7 }
const PROPOSAL: LayoutProposal = {
  proposal_id: PROPOSAL_ID,
  layout_version: 3,
  made_at: STATUS.observed_at,
  code: null,
  reason: '1 of 2 tables are in the picture; look whether they are drawn where they stand.',
  lost_table_ids: [LOST],
  reference: LAYOUT.reference,
  tables: [table('tbl_1', '1')],
  floor: [],
  ignore: [],
  before_url: '/before.jpg',
  after_url: '/after.jpg',
}
const REFUSED: LayoutProposal = { ...PROPOSAL, code: 'changed_too_much', reason: 'The camera was turned too far; draw them anew.', lost_table_ids: [], reference: null, tables: null, floor: null, ignore: null }

function opened(proposal: LayoutProposal | null, scopes = ['write']) {
  const client = new Client()
  const asked = {
    proposal: vi.spyOn(client, 'layoutProposal').mockResolvedValue(proposal),
    layout: vi.spyOn(client, 'layout').mockResolvedValue(LAYOUT),
    accept: vi.spyOn(client, 'acceptProposal').mockResolvedValue(LAYOUT),
    dismiss: vi.spyOn(client, 'dismissProposal').mockResolvedValue({}),
  }
  const store = storeOf(client, scopes)
  store.learn({ type: 'camera.status', data: STATUS })
  const root = show(<ProposalCard camera={CAMERA} />, store)
  const button = (name: string) => [...root.querySelectorAll('button')].find((each) => each.textContent === name)
  return { root, asked, button }
}

beforeEach(() => {
  vi.restoreAllMocks()
  localStorage.clear()
})

describe('the layout that is proposed', () => {
  it('is shown beside the old one, with what it costs, and accepted by its id', async () => {
    const { root, asked, button } = opened(PROPOSAL)
    await vi.waitFor(() => expect(root.querySelectorAll('figure img')).toHaveLength(2))
    expect([...root.querySelectorAll('figure')].map((each) => each.querySelectorAll('polygon').length)).toEqual([2, 1])
    expect(root.textContent).toContain(PROPOSAL.reason)
    expect(root.textContent).toContain(T.proposal.lost('Window'))
    expect(root.textContent).toContain('to within 8 pixels: 0.6 % of the width')
    button(T.proposal.accept)?.click()
    await vi.waitFor(() => expect(root.textContent).toContain(T.proposal.accepted))
    expect(asked.layout).toHaveBeenCalledWith(CAMERA.camera_id, 3)
    expect(asked.accept).toHaveBeenCalledWith(CAMERA.camera_id, PROPOSAL_ID)
  })

  it('is dismissed, which says what becomes of the tables', async () => {
    const { root, asked, button } = opened(REFUSED)
    await vi.waitFor(() => expect(button(T.proposal.dismiss)).toBeDefined())
    button(T.proposal.dismiss)?.click()
    await vi.waitFor(() => expect(root.textContent).toContain(T.proposal.dismissed))
    expect(asked.dismiss).toHaveBeenCalledWith(CAMERA.camera_id, PROPOSAL_ID)
    expect(asked.accept).not.toHaveBeenCalled()
  })

  it('is not accepted over a layout that was drawn meanwhile', async () => {
    const { root, asked, button } = opened(PROPOSAL)
    asked.accept.mockRejectedValue(new Problem(404, 'layout_proposal_not_found', 'No layout is proposed', 'Read it again.'))
    await vi.waitFor(() => expect(button(T.proposal.accept)).toBeDefined())
    button(T.proposal.accept)?.click()
    await vi.waitFor(() => expect(root.querySelector('.callout')?.textContent).toBe(T.proposal.conflict))
  })

  it('is put off, and stays so in this tab', async () => {
    const first = opened(PROPOSAL)
    await vi.waitFor(() => expect(first.button(T.proposal.later)).toBeDefined())
    first.button(T.proposal.later)?.click()
    const { root, button } = opened(PROPOSAL)
    await vi.waitFor(() => expect(button(T.proposal.show)).toBeDefined())
    expect(root.querySelector('figure')).toBeNull()
    button(T.proposal.show)?.click()
    await vi.waitFor(() => expect(root.querySelectorAll('figure')).toHaveLength(2))
  })

  it('is put off also where the tab remembers nothing', async () => {
    const off = () => {
      throw new DOMException('off', 'SecurityError')
    }
    for (const name of ['getItem', 'setItem'] as const) vi.spyOn(Storage.prototype, name).mockImplementation(off)
    const { root, button } = opened(PROPOSAL)
    await vi.waitFor(() => expect(button(T.proposal.later)).toBeDefined())
    button(T.proposal.later)?.click()
    await vi.waitFor(() => expect(button(T.proposal.show)).toBeDefined())
    expect(root.querySelector('figure')).toBeNull()
  })

  it('says why there is none, with the pictures, and offers nothing to accept', async () => {
    const { root, button } = opened(REFUSED)
    await vi.waitFor(() => expect(root.textContent).toContain(`${REFUSED.reason} (changed_too_much)`))
    expect(root.querySelectorAll('figure img')).toHaveLength(2)
    expect(button(T.proposal.accept)).toBeUndefined()
  })

  it('is only looked at by a key that may not write', async () => {
    const { root, button } = opened(PROPOSAL, ['read'])
    await vi.waitFor(() => expect(root.querySelectorAll('figure')).toHaveLength(2))
    expect(button(T.proposal.accept) ?? button(T.proposal.dismiss)).toBeUndefined()
  })
})

it('a move is the median of the corners in pixels of the picture', () => {
  expect(moveOf(LAYOUT, [1, 0, 0.1, 0, 1, 0, 0, 0, 1])).toBe(128)
  expect(moveOf(LAYOUT, [2, 0, 0, 0, 2, 0, 0, 0, 2])).toBe(0)
  expect(moveOf({ ...LAYOUT, tables: [] }, [1, 0, 0.1, 0, 1, 0, 0, 0, 1])).toBe(0)
  expect(precisionOf(1920)).toBe(12)
})
