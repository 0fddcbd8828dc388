// @vitest-environment jsdom
import { act } from 'preact/test-utils'
import { describe, expect, it, vi } from 'vitest'
import { groupsOf, momentsOf, stepOf } from '../src/gallery'
import { Gallery, Moments } from '../src/parts/gallery'
import { frame } from './documents'
import { show } from './show'

const every = (seconds: number, count: number) => [...Array(count).keys()].map((at) => frame(at * seconds))
const ORIGIN = Date.UTC(2026, 10, 23, 9)

describe('the groups of a run', () => {
  it('are as long as their pictures can be drawn', () => {
    expect([every(1, 500), every(0.04, 500), every(2, 9), every(10, 100), every(60, 100), every(1, 1), []].map(stepOf)).toEqual([60_000, 1000, 60_000, 300_000, 3_600_000, 60_000, 60_000])
  })

  it('have each picture once, and are not there where nothing is', () => {
    const frames = [0, 10, 59, 60, 61, 300].map(frame)
    expect(groupsOf(frames, 60_000)).toEqual([
      { from: 0, start: 0, end: 3 },
      { from: 60_000, start: 3, end: 5 },
      { from: 300_000, start: 5, end: 6 },
    ])
    expect(groupsOf([], 60_000)).toEqual([])
  })

  it('can be jumped to by the minute, further apart in a video of a day', () => {
    expect(momentsOf(150_000)).toEqual([0, 60_000, 120_000])
    expect([momentsOf(3 * 3_600_000).length, momentsOf(24 * 3_600_000).length, momentsOf(500 * 3_600_000).length, momentsOf(0).length]).toEqual([180, 96, 500, 0])
  })
})

describe('the gallery', () => {
  const gallery = (count: number, chosen: number | null, root?: HTMLElement, origin: number | null = null) =>
    show(<Gallery frames={every(1, count)} chosen={chosen} shown={undefined} origin={origin} onOpen={opened} onRenew={renew} />, undefined, root)
  const opened = vi.fn()
  const renew = vi.fn()
  const isOpen = (root: Element) => [...root.querySelectorAll('details[open] .mono:first-of-type')].map((each) => each.textContent)[0]

  it('of 10,000 pictures draws those of one group, and one of each other', () => {
    const root = gallery(10_000, null)
    expect([root.querySelectorAll('details').length, root.querySelectorAll('.frames img').length, root.querySelectorAll('summary img').length]).toEqual([167, 60, 166])
    expect([...root.querySelectorAll('img')].every((each) => each.getAttribute('loading') === 'lazy')).toBe(true)
    expect(root.querySelector('summary')?.textContent).toBe('0:00–1:0060 pictures')
  })

  it('opens the group of the picture that is looked at, and what is pressed', async () => {
    const root = gallery(10_000, null)
    gallery(10_000, 9_999, root)
    await vi.waitFor(() => expect(isOpen(root)).toBe('2:46:00–2:47:00'))
    root.querySelectorAll<HTMLButtonElement>('.frames button')[3]?.click()
    expect(opened).toHaveBeenCalledWith(9963)
    const first = root.querySelector('details') as HTMLDetailsElement
    await act(() => {
      first.open = true
      first.dispatchEvent(new Event('toggle'))
    })
    expect(isOpen(root)).toBe('0:00–1:00')
    expect(root.querySelectorAll('details[open]')).toHaveLength(1)
  })

  it('asks once for a link that works where one has expired, and only then is a picture gone', async () => {
    const root = gallery(3, null)
    const image = root.querySelectorAll<HTMLImageElement>('.frames img')[1] as HTMLImageElement
    const fail = () => act(() => void image.dispatchEvent(new Event('error')))
    renew.mockResolvedValueOnce('/renewed')
    await fail()
    await vi.waitFor(() => expect(image.getAttribute('src')).toBe('/renewed'))
    expect(root.querySelector('[data-gone]')).toBeNull()
    await fail()
    await vi.waitFor(() => expect(root.querySelectorAll('[data-gone]')).toHaveLength(1))
    expect(renew).toHaveBeenCalledOnce()
  })

  it('has the time of day where it is known', () => {
    const text = gallery(100, null, undefined, ORIGIN).querySelectorAll('summary')[1]?.textContent ?? ''
    expect(text).toContain(new Date(ORIGIN + 60_000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' }))
  })
})

it('a moment is chosen by its time', () => {
  const jump = vi.fn()
  const root = show(<Moments length={200_000} origin={null} onJump={jump} />)
  const select = root.querySelector('select') as HTMLSelectElement
  expect([...select.options].map((each) => each.text)).toEqual(['Jump to…', '0:00', '1:00', '2:00', '3:00'])
  select.value = '120000'
  select.dispatchEvent(new Event('change'))
  expect(jump).toHaveBeenCalledWith(120_000)
  expect(select.value).toBe('120000') // so that the arrow keys go on from there
  expect(show(<Moments length={50_000} origin={null} onJump={jump} />).querySelector('select')).toBeNull()
})
