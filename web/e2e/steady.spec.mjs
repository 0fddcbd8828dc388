// Nothing on a view moves while its answers come, one after the other, each drawn before the next. Needs the built page and nothing
// else.
//
//   node web/e2e/steady.spec.mjs                     every view, wide and narrow, and the floor after the sign-in
//   node web/e2e/steady.spec.mjs --views a,b --why   only these; with what moved and how far
import assert from 'node:assert/strict'
import { setTimeout as pass } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { launch } from './browser.mjs'
import { NOW, SITE } from './fixed/documents.mjs'
import { serveFixedSite } from './fixed/server.mjs'
import { VIEWS } from './fixed/views.mjs'

const { values: given } = parseArgs({ options: { views: { type: 'string' }, why: { type: 'boolean', default: false } } })
/** With which of the answers that wait is given first. */
const SIZES = {
  wide: { width: 1440, height: 1000, take: (waiting) => waiting.pop() },
  narrow: { width: 360, height: 780, take: (waiting) => waiting.shift() },
}
/** The sum of all layout shifts of a view, as the browser scores them. Lighthouse calls 0.1 good. */
const MOST = 0.02
const STEP_MS = 60_000
/** What was answered is drawn and has asked for more within so long, or waits for another answer. */
const QUIET_MS = 50

const browser = await launch()
try {
  const unsteady = await Promise.all(Object.keys(SIZES).map(visitAll))
  assert.deepEqual(unsteady.flat(), [], 'these move while they load; --why names what moves')
} catch (error) {
  console.error(error.stack)
  process.exitCode = 1
} finally {
  await browser.close()
}

async function visitAll(size) {
  const waiting = []
  const site = await serveFixedSite({}, () => new Promise((answer) => waiting.push(answer)))
  const unsteady = []
  for (const [view, [address, there]] of Object.entries({ ...VIEWS, 'sign-in': VIEWS.floor })) {
    if (given.views && !given.views.split(',').includes(view)) continue
    const page = await newPage(SIZES[size])
    if (view === 'sign-in') await signIn(page, `${site.url}/${address}`)
    else await page.goto(`${site.url}/${address}`, { waitUntil: 'commit' })
    const { sum, moved } = await shiftsOf(page, there, waiting, SIZES[size].take)
    if (given.why) console.log(`${view}, ${size}: ${sum.toFixed(4)}\n${moved.join('\n')}`)
    if (sum > MOST) unsteady.push(`${view}, ${size}: ${sum.toFixed(3)}`)
    await page.context().close()
    waiting.length = 0
  }
  site.close()
  assert.deepEqual([...site.unanswered], [], 'the page asks the fixed site for what it does not have: web/e2e/fixed/documents.mjs')
  return unsteady
}

async function newPage({ width, height }) {
  const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'UTC', viewport: { width, height }, reducedMotion: 'reduce' })
  context.setDefaultTimeout(STEP_MS)
  await context.clock.setFixedTime(NOW)
  await context.addInitScript((id) => localStorage.setItem('tablewatch-site', id), SITE)
  await context.addInitScript(watchShifts)
  return context.newPage()
}

/** The fixed site knows everybody: that nobody is signed in is answered in its place. */
async function signIn(page, url) {
  await page.route('**/v1/session', (route) => route.fulfill({ status: 401, json: { type: 'about:blank', title: 'Not signed in', status: 401, code: 'unauthenticated' } }))
  await page.goto(url, { waitUntil: 'commit' })
  await page.locator('#key').fill('twk_fixed')
  await page.unroute('**/v1/session')
  await page.locator('button[type=submit]').click()
}

/** Gives one answer after the other, until the view is there and waits for none. */
async function shiftsOf(page, there, waiting, take) {
  const begun = performance.now()
  for (let idle = 0; idle < 2; ) {
    assert(performance.now() - begun < STEP_MS, `${there} is not there after ${STEP_MS / 1000} s`)
    take(waiting)?.()
    await pass(QUIET_MS)
    await page.evaluate(drawn)
    idle = waiting.length === 0 && (await page.locator(there).first().isVisible()) ? idle + 1 : 0
  }
  return page.evaluate(() => window.shifts)
}

// What follows runs in the browser.

function watchShifts() {
  window.shifts = { sum: 0, moved: [] }
  const nameOf = (node) => (node instanceof Element ? node : node?.parentElement)
  const text = ({ x, y, width, height }) => [x, y, width, height].map(Math.round).join(' ')
  new PerformanceObserver((list) => {
    for (const { value, sources } of list.getEntries()) {
      window.shifts.sum += value
      const which = sources.map(({ node, previousRect, currentRect }) => `${nameOf(node)?.outerHTML.slice(0, 90)} (${text(previousRect)} -> ${text(currentRect)})`)
      window.shifts.moved.push(`  ${value.toFixed(4)} ${which.join('\n         ')}`)
    }
  }).observe({ type: 'layout-shift', buffered: true })
}

async function drawn() {
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))
  await frame()
  await frame()
}
