// Ten tabs of one browser, against a running stack: all load, all follow the site over one connection, and a tab that
// was away gets what it missed. Over HTTP/1.1 a browser has six connections to a host.
//
//   node web/e2e/tabs.spec.mjs --url http://127.0.0.1:8700 --key twk_… --site site_… --metrics http://127.0.0.1:8716
//
// Prints what the tabs saw as JSON; exits 1 with a message when an assertion fails.
import assert from 'node:assert/strict'
import { parseArgs } from 'node:util'
import { launch } from './browser.mjs'

const { values: given } = parseArgs({
  options: { url: { type: 'string' }, key: { type: 'string' }, site: { type: 'string' }, metrics: { type: 'string' } },
})
for (const name of ['url', 'key', 'site', 'metrics']) assert(given[name], `--${name} is missing`)
const TABS = 10
const STEP_MS = 30_000

const browser = await launch()
try {
  console.log(JSON.stringify(await visit(await browser.newContext())))
} catch (error) {
  console.error(error.stack)
  process.exitCode = 1
} finally {
  await browser.close()
}

async function visit(context) {
  context.setDefaultTimeout(STEP_MS)
  await context.addInitScript((site) => localStorage.setItem('tablewatch-site', site), given.site)
  await context.request.post(`${given.url}/v1/session`, { data: { key: given.key } })
  const before = await streams()
  const tabs = []
  for (let number = 0; number < TABS; number++) tabs.push(await load(context))
  await expectStreams(before + 1, 'ten tabs hold one stream')
  await expectName(tabs, await rename('One'))
  const [away, ...others] = tabs
  await away.evaluate(() => window.dispatchEvent(new Event('pagehide')))
  await rename('While a tab was away')
  const name = await rename('While it was still away')
  await expectName(others, name)
  await away.evaluate(() => window.dispatchEvent(new Event('pageshow')))
  await expectName(tabs, name)
  const late = await load(context)
  await expectName([late, ...tabs], await rename('With eleven'))
  const lines = await Promise.all(tabs.map((tab) => tab.locator('.feed li', { hasText: /settings of .+ were changed/ }).count()))
  assert.deepEqual(lines, Array(TABS).fill(4), 'each tab has each of the four events once, also the one that was away')
  await expectStreams(before + 1, 'still one stream')
  await Promise.all([late, ...tabs].map((tab) => tab.close()))
  return { tabs: TABS, events: lines }
}

async function load(context) {
  const page = await context.newPage()
  await page.goto(given.url)
  await page.locator('.stream[data-state=live]').waitFor()
  const status = await page.evaluate(() => fetch('/v1/states').then((response) => response.status))
  assert.equal(status, 200)
  return page
}

/** Renames the site, which is an event of its stream; returns the name. */
async function rename(name) {
  const headers = { authorization: `Bearer ${given.key}`, 'content-type': 'application/json' }
  const path = `${given.url}/v1/sites/${given.site}`
  const answer = await fetch(path, { method: 'PATCH', headers, body: JSON.stringify({ name }) })
  assert.equal(answer.status, 200, await answer.text())
  return name
}

function expectName(tabs, name) {
  return Promise.all(tabs.map((tab) => tab.locator('option', { hasText: name }).first().waitFor({ state: 'attached' })))
}

/** A tab that joins catches up on a stream of its own for a moment, so there may be more for a while. */
async function expectStreams(count, message) {
  const deadline = Date.now() + STEP_MS
  let open = await streams()
  while (open !== count && Date.now() < deadline) {
    await new Promise((done) => setTimeout(done, 200))
    open = await streams()
  }
  assert.equal(open, count, message)
}

/** Streams that the api has open. */
async function streams() {
  const text = await (await fetch(`${given.metrics}/metrics`)).text()
  return Number(/^tablewatch_open_streams(?:\{.*?\})? (\S+)$/m.exec(text)?.[1] ?? 0)
}
