// @vitest-environment jsdom
// Lists that come page by page, and the pictures of alerts.
import { describe, expect, it, vi } from 'vitest'
import alert from '../../schemas/hazard.alert/examples/v1/run-opened.json'
import { Client, Problem, type Hazard, type Job, type Page } from '../src/client'
import type { HazardAlert } from '../src/generated/events'
import { HazardsView } from '../src/views/hazards'
import { VideosView } from '../src/views/videos'
import { job } from './documents'
import { show, storeOf } from './show'

const ALERT = { ...alert.value, run_id: null, site_id: 'site_1' } as HazardAlert
const AWAY = new Problem(503, 'unavailable', 'Away', 'The database is away.')

/** A request that the test answers. */
function open<Answer>() {
  const asked: { answer: (answer: Answer) => void; fail: (error: unknown) => void }[] = []
  const ask = () => new Promise<Answer>((answer, fail) => void asked.push({ answer, fail }))
  return { asked, ask }
}

describe('past hazards', () => {
  it('are not said to be none before they are answered, nor after a failure', async () => {
    const client = new Client()
    const { asked, ask } = open<Page<Hazard>>()
    vi.spyOn(client, 'hazards').mockImplementation(ask)
    const root = show(<HazardsView />, storeOf(client))
    const past = () => root.querySelector('[aria-labelledby=hazards-past]')?.textContent
    await vi.waitFor(() => expect(asked).toHaveLength(1))
    expect(past()).toBe('PastLoading…')
    asked[0]?.fail(AWAY)
    await vi.waitFor(() => expect(past()).toBe('PastTry again'))
    root.querySelector<HTMLButtonElement>('[aria-labelledby=hazards-past] button')?.click()
    await vi.waitFor(() => expect(asked).toHaveLength(2))
    asked[1]?.answer({ items: [], next_cursor: null })
    await vi.waitFor(() => expect(past()).toBe('PastNone yet.'))
  })
})

it('the picture of an alert is the one that was asked for last, with its own outline', async () => {
  const client = new Client()
  vi.spyOn(client, 'hazards').mockResolvedValue({ items: [], next_cursor: null })
  const { asked, ask } = open<Hazard>()
  vi.spyOn(client, 'hazard').mockImplementation(ask)
  const store = storeOf(client)
  const alertAt = (version: number, left: number) =>
    ({ ...ALERT, version, box: [left, 0, 1, 1], evidence: { ...ALERT.evidence, frame_key: `frames/${version}` } }) as HazardAlert
  const [older, newer] = [alertAt(ALERT.version, 0.1), alertAt(ALERT.version + 1, 0.5)]
  store.learn({ type: 'hazard.alert', data: older })
  const root = show(<HazardsView />, store)
  await vi.waitFor(() => expect(asked).toHaveLength(1))
  store.learn({ type: 'hazard.alert', data: newer })
  await vi.waitFor(() => expect(asked).toHaveLength(2))
  asked[1]?.answer({ ...newer, picture_url: '/newer.jpg' })
  asked[0]?.answer({ ...older, picture_url: '/older.jpg' })
  await vi.waitFor(() => expect(root.querySelector('.shot img')).not.toBeNull())
  expect(root.querySelector('.shot img')?.getAttribute('src')).toBe('/newer.jpg')
  expect(root.querySelector<HTMLElement>('.outline')?.style.left).toBe('50%')
})

it('a page of videos is asked for once, however often its button is pressed', async () => {
  const client = new Client()
  const { asked, ask } = open<Page<Job>>()
  const videos = vi.spyOn(client, 'videos').mockImplementation(ask)
  const root = show(<VideosView />, storeOf(client, ['read']))
  await vi.waitFor(() => expect(asked).toHaveLength(1))
  asked[0]?.answer({ items: [job()], next_cursor: 'c1' })
  const button = () => root.querySelector<HTMLButtonElement>('section.card > button')
  await vi.waitFor(() => expect(button()?.textContent).toBe('Show more'))
  for (let press = 0; press < 3; press++) button()?.click()
  expect(videos.mock.calls.map(([, cursor]) => cursor)).toEqual([null, 'c1'])
})
