// @vitest-environment jsdom
import { expect, it, vi } from 'vitest'
import { Bar } from '../src/app'
import { show, storeOf } from './show'

const SITES = ['site_1', 'site_2'].map((site_id) => ({ site_id, name: site_id, timezone: 'UTC', version: 1 }))

it.each([
  ['/videos/vid_1', '/videos'],
  ['/cameras/cam_1/tables', '/cameras'],
  ['/cameras/new', '/cameras/new'],
  ['/floor', '/floor'],
])('another site is shown from %s at %s', async (from, to) => {
  history.replaceState(null, '', from)
  const store = storeOf()
  store.sites.value = SITES
  const open = vi.spyOn(store, 'open').mockReturnValue(undefined)
  const select = show(<Bar />, store).querySelector('select') as HTMLSelectElement
  select.value = 'site_2'
  select.dispatchEvent(new Event('change', { bubbles: true }))
  expect(open).toHaveBeenCalledWith('site_2')
  await vi.waitFor(() => expect(location.pathname).toBe(to))
})

it('says that the connection is lost, unless it is back soon, and what is shown then', () => {
  const store = storeOf()
  store.stream.value = 'connecting'
  store.lostAt.value = store.now.value
  const root = show(<Bar />, store)
  const read = () => [root.querySelector('.stream')?.textContent, root.querySelector('.lost')?.textContent]
  expect(read()).toEqual(['Connecting…', undefined])
  store.now.value += 5000
  show(<Bar />, store, root)
  expect(read()).toEqual(['Connection lost, trying again…', expect.stringMatching(/^No connection to the server since .+\. This is how things were then\./)])
})
