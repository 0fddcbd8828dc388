// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { HIDDEN_MS, openSharedStream, type StreamOptions, type StreamState } from '../src/client'

let joined: StreamOptions[]
let left: number
let watched: (readonly string[])[]
let states: StreamState[]
let visibility: DocumentVisibilityState

function open() {
  return openSharedStream({
    siteId: 'site_1',
    onEvent: () => {},
    onState: (state) => states.push(state),
    connect: (options) => {
      joined.push(options)
      return Object.assign(() => void left++, { watch: (views: readonly string[]) => void watched.push(views) })
    },
  })
}

function show(state: DocumentVisibilityState): void {
  visibility = state
  document.dispatchEvent(new Event('visibilitychange'))
}

beforeEach(() => {
  vi.useFakeTimers()
  joined = []
  left = 0
  watched = []
  states = []
  visibility = 'visible'
  vi.spyOn(document, 'visibilityState', 'get').mockImplementation(() => visibility)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('a tab', () => {
  it('that is hidden for long leaves, and comes back with its last id', () => {
    const close = open()
    joined[0]?.onEvent({ type: 'snapshot', data: {} }, 'e-4')
    show('hidden')
    vi.advanceTimersByTime(HIDDEN_MS - 1)
    expect(left).toBe(0)
    vi.advanceTimersByTime(1)
    expect(left).toBe(1)
    expect(states).toEqual(['paused'])
    show('visible')
    expect(joined.map((each) => each.lastEventId)).toEqual(['', 'e-4'])
    close()
  })

  it('that is hidden for a moment stays', () => {
    const close = open()
    show('hidden')
    vi.advanceTimersByTime(HIDDEN_MS - 1)
    show('visible')
    vi.advanceTimersByTime(HIDDEN_MS * 2)
    expect([joined.length, left]).toEqual([1, 0])
    close()
  })

  it('that was opened in the background leaves too', () => {
    visibility = 'hidden'
    const close = open()
    vi.advanceTimersByTime(HIDDEN_MS)
    expect(left).toBe(1)
    close()
  })

  it('that goes to another page leaves at once, and joins when it is shown again', () => {
    const close = open()
    window.dispatchEvent(new Event('pagehide'))
    expect(left).toBe(1)
    window.dispatchEvent(new Event('pageshow'))
    expect(joined).toHaveLength(2)
    close()
  })

  it('that is paused leaves until it goes on, however often it is shown meanwhile', () => {
    const stream = open()
    joined[0]?.onEvent({ type: 'snapshot', data: {} }, 'e-4')
    stream.pause()
    show('hidden')
    show('visible')
    expect([joined.length, left]).toEqual([1, 1])
    stream.goOn()
    expect(joined.map((each) => each.lastEventId)).toEqual(['', 'e-4'])
    stream()
  })

  it('that was closed does not join again', () => {
    open()()
    show('visible')
    window.dispatchEvent(new Event('pageshow'))
    vi.advanceTimersByTime(HIDDEN_MS * 2)
    expect([joined.length, left]).toEqual([1, 1])
    expect(states).toEqual(['closed'])
  })

  it('asks for other views, and for these again after it was away', () => {
    const stream = open()
    stream.watch(['cam_1'])
    expect(watched).toEqual([['cam_1']])
    window.dispatchEvent(new Event('pagehide'))
    stream.watch(['cam_2'])
    window.dispatchEvent(new Event('pageshow'))
    expect(joined.map((each) => each.views)).toEqual([[], ['cam_2']])
    stream()
  })
})
