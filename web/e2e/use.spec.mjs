// The page as people use it: many tables and videos, fingers, the keyboard alone, names as nobody expects them,
// and cameras that others remove. Against the fixed restaurant; needs the built page and nothing else.
//
//   node web/e2e/use.spec.mjs                  all of them
//   node web/e2e/use.spec.mjs --only touch     one
//   node web/e2e/use.spec.mjs --out folder     with a picture of what is shown where one fails
import assert from 'node:assert/strict'
import { setTimeout as pass } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { launch } from './browser.mjs'
import { crowded, FAILED, idOf, stateOf, TABLES, VIDEOS } from './fixed/crowded.mjs'
import { answer, NOW, ROOM, SITE, snapshot, WHY } from './fixed/documents.mjs'
import { NAME, oddlyNamed } from './fixed/named.mjs'
import { serveFixedSite } from './fixed/server.mjs'
import { VIEWS } from './fixed/views.mjs'

const { values: given } = parseArgs({ options: { only: { type: 'string' }, out: { type: 'string' } } })
const STEP_MS = 60_000
const WIDE = { width: 1440, height: 1000 }
const NARROW = { width: 360, height: 780 }
/** Events of the stream: so many a second, for so long. */
const [RATE, LASTING_MS] = [10, 3000]

async function carryOut(name, test) {
  const begun = performance.now()
  const opened = []
  try {
    await test(opened)
    assert.deepEqual(opened.flatMap(({ error }) => error?.stack ?? []), [], 'errors of the page')
    console.log(`${name}: ${((performance.now() - begun) / 1000).toFixed(1)} s`)
  } catch (error) {
    const [page] = opened.flatMap(({ context }) => context?.pages() ?? []).slice(-1)
    if (given.out && page) await page.screenshot({ path: `${given.out}/${name}.png` })
    console.error(`${name}: ${error.stack}`)
    process.exitCode = 1
  } finally {
    for (const { context, site } of opened.reverse()) await (context?.close() ?? site?.close())
  }
}

async function serve(opened, restaurant) {
  const site = await serveFixedSite({}, undefined, restaurant)
  opened.push({ site })
  return site
}

async function newPage(opened, viewport, more = {}) {
  const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'UTC', viewport, reducedMotion: 'reduce', ...more })
  opened.push({ context })
  context.setDefaultTimeout(STEP_MS)
  await context.clock.setFixedTime(NOW)
  await context.addInitScript((id) => localStorage.setItem('tablewatch-site', id), SITE)
  const page = await context.newPage()
  page.on('pageerror', (error) => opened.push({ error }))
  return page
}

async function show(page, site, address, there) {
  await page.goto(`${site.url}/${address}`)
  await page.locator('.stream[data-state=live]').waitFor()
  await page.locator(there).first().waitFor()
}

async function expectNotWider(page, where) {
  const [wide, width] = await page.evaluate(() => [document.documentElement.scrollWidth - innerWidth, innerWidth])
  assert(wide <= 0, `${where} is ${wide} px wider than ${width} px`)
}

const countIs = (page, selector, count) => page.waitForFunction(([each, wanted]) => document.querySelectorAll(each).length === wanted, [selector, count])

// Many tables and videos

async function crowd(opened) {
  const site = await serve(opened, crowded)
  for (const size of [WIDE, NARROW]) {
    const page = await newPage(opened, size)
    await page.addInitScript(watchTasks)
    await show(page, site, 'floor', '.table-card')
    await countIs(page, '.table-card', TABLES)
    await expectNotWider(page, 'the floor')
    await staysWhileStatesCome(page, site, '.table-card:nth-child(30) a', size)
    await show(page, site, 'floor?as=plan', '.tile')
    await countIs(page, '.tile', TABLES)
    await expectNotWider(page, 'the plan')
    await show(page, site, `cameras/${ROOM}/tables`, '.drawn')
    await countIs(page, '.drawn[data-kind=table]', TABLES)
    await expectNotWider(page, 'the editor')
    await videosByPage(page, site)
  }
}

async function videosByPage(page, site) {
  await show(page, site, 'videos', '.entries a')
  for (let shown = 50; shown < VIDEOS; shown += 50) {
    await countIs(page, '.entries a', shown)
    await page.getByRole('button', { name: 'Show more' }).click()
  }
  await countIs(page, '.entries a', VIDEOS)
  await expectNotWider(page, 'the videos')
  await page.getByRole('searchbox').fill('SERVICE-1')
  await countIs(page, '.entries a', 100)
  await page.getByRole('searchbox').fill('')
  await page.getByLabel('Status').selectOption('failed')
  await countIs(page, '.entries a', FAILED)
}

/** The one with the focus keeps it and its place in the window, while every state changes again and again. */
async function staysWhileStatesCome(page, site, selector, { width }) {
  const focused = page.locator(selector)
  await focused.focus()
  await focused.evaluate((element) => element.scrollIntoView({ block: 'center' }))
  const before = await situation(page)
  await page.evaluate(() => (window.longest = 0))
  const versions = (LASTING_MS / 1000) * RATE
  for (let version = 2; version < versions + 2; version++) {
    for (let number = 1; number <= TABLES; number += 6) site.send('table.state', stateOf(number, version))
    await pass(1000 / RATE)
  }
  const { state } = stateOf(1, versions + 1)
  await page.locator(`.table-card[data-state=${state}]`, { has: page.locator(`a[href$="why=${idOf(1)}"]`) }).waitFor()
  const after = await situation(page)
  console.log(`  ${versions} times ${TABLES / 6} states at ${width} px: longest task ${await page.evaluate(() => window.longest)} ms`)
  assert.deepEqual(after, before, 'the focus and its place in the window')
}

function situation(page) {
  return page.evaluate(() => ({ focus: document.activeElement.getAttribute('href'), top: document.activeElement.getBoundingClientRect().top, scrolled: scrollY }))
}

// Fingers

async function touch(opened) {
  const site = await serve(opened)
  const page = await newPage(opened, NARROW, { hasTouch: true, isMobile: true })
  await show(page, site, `cameras/${ROOM}/tables`, '.drawn')
  await page.locator('.canvas img').evaluate((image) => image.decode())
  const fingers = await touching(page)
  await page.locator('.canvas-scroll').evaluate((element) => element.scrollIntoView({ block: 'center' }))
  const first = await outlines(page)
  await pinches(page, fingers)
  await panning(page, fingers)
  await page.getByRole('button', { name: /whole/i }).click()
  await dragsCorner(page, fingers)
  await undoes(page, first)
  await scrollsPage(page, fingers)
}

/** Two fingers that go apart: what was between them stays there. */
async function pinches(page, fingers) {
  const [before, box] = [await outlines(page), await boxOf(page, '.canvas-scroll')]
  const middle = [box.x + box.width / 2 + 20, box.y + box.height / 2 - 10]
  const held = await shareAt(page, middle)
  await fingers(spread(middle, 40), spread(middle, 100))
  const zoom = await zoomOf(page)
  assert(zoom > 1.8 && zoom < 3.2, `a pinch to 2.5 times as much zooms ${zoom} times`)
  expectNear(await shareAt(page, middle), held, 0.02, 'the picture between the fingers')
  assert.deepEqual(await outlines(page), before, 'a pinch moves no table')
}

/** Two fingers that go the same way. */
async function panning(page, fingers) {
  const [before, box, zoom] = [await outlines(page), await boxOf(page, '.canvas-scroll'), await zoomOf(page)]
  const from = [box.x + box.width / 2 + 20, box.y + box.height / 2 + 20]
  const held = await shareAt(page, from)
  const to = [from[0] - 60, from[1] - 40]
  await fingers(spread(from, 40), spread(to, 40))
  expectNear([await zoomOf(page)], [zoom], 0.1, 'the zoom')
  expectNear(await shareAt(page, to), held, 0.03, 'the picture below two fingers that move')
  assert.deepEqual(await outlines(page), before, 'two fingers that pan move no table')
}

/** One finger on a corner of the table that is chosen. */
async function dragsCorner(page, fingers) {
  await page.locator('.segments button[data-kind=table]', { hasText: /^2$/ }).last().click()
  const corner = page.locator('.corner').first()
  await corner.evaluate((element) => element.scrollIntoView({ block: 'center', inline: 'center' }))
  const box = await corner.boundingBox()
  const from = [box.x + box.width / 2, box.y + box.height / 2]
  const [before, scrolled] = [await outlines(page), await places(page)]
  await fingers([from], [[from[0] + 24, from[1] + 30]])
  const after = await outlines(page)
  const moved = after.filter((each, at) => each !== before[at])
  assert.equal(moved.length, 1, 'a finger moves one corner of one table')
  assert.deepEqual(await places(page), scrolled, 'nothing scrolls while a corner is dragged')
}

async function undoes(page, first) {
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.waitForFunction((all) => [...document.querySelectorAll('.drawn .zone')].every((each, at) => each.getAttribute('points') === all[at]), first)
}

/** One finger on the picture where no outline is. */
async function scrollsPage(page, fingers) {
  await page.locator('.canvas-scroll').evaluate((element) => {
    element.scrollLeft = 0
    element.scrollIntoView({ block: 'center' })
  })
  const [before, box, scrolled] = [await outlines(page), await boxOf(page, '.canvas-scroll'), await page.evaluate(() => scrollY)]
  const from = [box.x + box.width / 2, box.y + box.height * 0.1]
  await fingers([from], [[from[0], from[1] - 120]])
  await page.waitForFunction((y) => scrollY > y + 60, scrolled)
  assert.deepEqual(await outlines(page), before, 'a finger that scrolls moves no table')
}

/** Fingers by the browser's own protocol, so that its gestures take part: from one place to the other, in steps. */
async function touching(page) {
  const session = await page.context().newCDPSession(page)
  const send = (type, points) => session.send('Input.dispatchTouchEvent', { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) })
  const STEPS = 12
  return async (from, to) => {
    await send('touchStart', from)
    for (let step = 1; step <= STEPS; step++) {
      await send('touchMove', from.map(([x, y], at) => [x + ((to[at][0] - x) * step) / STEPS, y + ((to[at][1] - y) * step) / STEPS]))
      await page.evaluate(drawn)
    }
    await send('touchEnd', [])
    await page.evaluate(drawn)
  }
}

const spread = ([x, y], apart) => [[x - apart / 2, y], [x + apart / 2, y]]
const boxOf = (page, selector) => page.locator(selector).boundingBox()
const outlines = (page) => page.locator('.drawn .zone').evaluateAll((all) => all.map((each) => each.getAttribute('points')))
const zoomOf = (page) => page.locator('.canvas').evaluate((element) => Number(getComputedStyle(element).getPropertyValue('--zoom')))
const places = (page) => page.evaluate(() => [scrollY, document.querySelector('.canvas-scroll').scrollLeft, document.querySelector('.canvas-scroll').scrollTop])

/** Which point of the picture is at a place of the window, 0 to 1. */
function shareAt(page, [x, y]) {
  const share = (element, [left, top]) => {
    const box = element.getBoundingClientRect()
    return [(left - box.left) / box.width, (top - box.top) / box.height]
  }
  return page.locator('.canvas').evaluate(share, [x, y])
}

function expectNear(found, wanted, most, what) {
  const isNear = found.every((each, at) => Math.abs(each - wanted[at]) <= most)
  assert(isNear, `${what}: ${found.map((each) => each.toFixed(3))}, not ${wanted.map((each) => each.toFixed(3))}`)
}

// The keyboard alone

/** Nobody is signed in until somebody signs in. */
function signOut({ answers }) {
  answers.set('GET /session', () => [401, { type: 'about:blank', title: 'Not signed in', status: 401, code: 'unauthenticated' }])
  answers.set('POST /session', () => {
    answers.delete('GET /session')
    return [200, answer('/session', new URLSearchParams(), '')]
  })
}

async function keyboard(opened) {
  const site = await serve(opened)
  signOut(site)
  const page = await newPage(opened, WIDE)
  await page.goto(`${site.url}/floor`)
  await page.locator('#key:focus').waitFor()
  await page.keyboard.type('twk_fixed')
  await page.keyboard.press('Enter')
  await page.locator('.table-card').first().waitFor()
  await asksWhy(page)
  await acknowledges(page, site)
  await addsSection(page, site)
}

async function asksWhy(page) {
  const table = `.table-card a[href*="why=${WHY}"]`
  await tabTo(page, table)
  await page.keyboard.press('Enter')
  await page.locator('.why-dialog .looks li').waitFor()
  await page.keyboard.press('Escape')
  await page.locator('.why-dialog').waitFor({ state: 'detached' })
  assert(await page.evaluate((each) => document.activeElement.matches(each), table), 'the focus returns to the table')
}

async function acknowledges(page, site) {
  const [hazard] = snapshot.hazards
  const changed = { ...hazard, status: 'acknowledged', version: hazard.version + 1, acknowledged_at: hazard.as_of }
  site.answers.set(`POST /hazards/${hazard.hazard_id}/acknowledge`, () => {
    setTimeout(() => site.send('hazard.alert', changed), 200)
    return [202, { hazard_id: hazard.hazard_id }]
  })
  await visitByKeyboard(page, 'hazards')
  await page.locator('.alert').first().waitFor()
  await tabTo(page, '.alert .buttons .primary')
  await page.keyboard.press('Enter')
  await page.locator('.alert', { hasText: 'Acknowledged' }).first().waitFor()
  assert(await page.evaluate(() => document.activeElement.closest('.alert') !== null), 'the focus stays in the alert')
}

async function addsSection(page, site) {
  const path = `/sites/${SITE}/sections`
  const { items } = answer(path, new URLSearchParams(), '')
  site.answers.set(`POST ${path}`, ({ name }) => {
    const section = { ...items[0], section_id: 'sec_new', name }
    site.answers.set(`GET ${path}`, () => [200, { items: [...items, section], next_cursor: null }])
    setTimeout(() => site.send('section.changed', section), 50)
    return [201, section]
  })
  await visitByKeyboard(page, 'settings')
  await page.getByLabel('New section').waitFor()
  await tabTo(page, '[aria-labelledby=settings-sections] > form input')
  await page.keyboard.type('Bar')
  await page.locator('[aria-labelledby=settings-sections] > form button:enabled').waitFor()
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Delete Bar' }).waitFor()
  assert(await page.evaluate(() => document.activeElement.matches('[aria-labelledby=settings-sections] > form input')), 'the focus stays in the field')
}

async function visitByKeyboard(page, view) {
  await page.keyboard.press('Home')
  await tabTo(page, `nav a[href$="/${view}"]`)
  await page.keyboard.press('Enter')
  await page.waitForURL(`**/${view}`)
}

/** Presses the key until what is meant has the focus. */
async function tabTo(page, selector) {
  const MOST = 150
  for (let pressed = 0; pressed < MOST; pressed++) {
    if (await page.evaluate((each) => document.activeElement.matches(each), selector)) return
    await page.keyboard.press('Tab')
  }
  assert.fail(`${selector} is not reached by ${MOST} times Tab`)
}

// Names as nobody expects them

/** Higher than a picture and what can be done about it. */
const HIGHEST_PX = 400

async function names(opened) {
  const site = await serve(opened, oddlyNamed)
  const page = await newPage(opened, NARROW)
  page.on('dialog', (dialog) => opened.push({ error: new Error(`a dialog: ${dialog.message()}`) }))
  const problems = []
  for (const [view, [address, there]] of Object.entries(VIEWS)) {
    await show(page, site, address, there)
    await site.quiet()
    const { hurt, wide, high, text } = await page.evaluate(measured)
    if (hurt) problems.push(`${view}: markup was run`)
    if (wide > 0) problems.push(`${view} is ${wide} px wider than the window`)
    problems.push(...high.filter(({ height }) => height > HIGHEST_PX).map(({ name, height }) => `${view}: ${name} is ${height} px high`))
    if (!text.includes(NAME.slice(0, 30))) problems.push(`${view}: no name is shown as it is written`)
  }
  assert.deepEqual(problems, [])
}

// Cameras that others remove, and that go away and come back

async function removed(opened) {
  const site = await serve(opened)
  const [page, editor] = [await newPage(opened, WIDE), await newPage(opened, WIDE)]
  await show(page, site, `cameras/${ROOM}`, '.stage img')
  await show(editor, site, `cameras/${ROOM}/tables`, '.drawn')
  await goesAndComes(page, site)
  remove(site)
  for (const each of [page, editor]) await each.getByText('This camera was removed').waitFor()
  await page.getByRole('link', { name: 'All cameras' }).click()
  await page.locator('.camera-card').first().waitFor()
  assert.equal(await page.locator(`.camera-card a[href$="${ROOM}"]`).count(), 0, 'it is gone from the list')
}

async function goesAndComes(page, site) {
  const status = snapshot.cameras.find(({ camera_id }) => camera_id === ROOM)
  const health = page.locator('main .health').first()
  site.send('camera.status', { ...status, version: 2, status: 'offline', code: 'connection_failed', reason: 'The camera does not answer. Look at its power and its cable.' })
  await health.getByText('Look at its power and its cable').waitFor()
  site.send('camera.status', { ...status, version: 3 })
  await page.locator('main .health .dot[data-status=live]').first().waitFor()
  assert.doesNotMatch(await health.textContent(), /power/, 'of a camera that is back nothing is said any more')
}

/** Of its addresses none is answered from now on. */
function remove({ answers, send }) {
  const without = (path) => {
    const { items, ...page } = answer(path, new URLSearchParams(), '')
    answers.set(`GET ${path}`, () => [200, { ...page, items: items.filter(({ camera_id }) => camera_id !== ROOM) }])
  }
  without('/cameras')
  without('/tables')
  for (const part of ['', '/view', '/score', '/scores', '/layout', '/layouts', '/layouts/1', '/layout/hints']) answers.set(`GET /cameras/${ROOM}${part}`, () => [404, null])
  send('camera.deleted', { site_id: SITE, camera_id: ROOM })
}

// All of them

const TESTS = { crowd, touch, keyboard, names, removed }

const browser = await launch()
try {
  for (const [name, test] of Object.entries(TESTS)) if ([undefined, name].includes(given.only)) await carryOut(name, test)
} finally {
  await browser.close()
}

// What follows runs in the browser.

/** How wide the page is beyond the window, and how high what has a name is. */
function measured() {
  const boxes = [...document.querySelectorAll('.table-card, .tile, .entries li, .rows li, .line, .camera-card > :not(.shot), .alert > :not(.shot), .alerts li, h1, h2, h3, .segments, .frames li, .looks li > p, .head')]
  const high = boxes.map((box) => ({ name: box.className || box.localName, height: Math.round(box.getBoundingClientRect().height) }))
  const text = [document.body.innerText, ...[...document.querySelectorAll('input, option')].map((each) => each.value + each.textContent)].join(' ')
  return { hurt: Boolean(window.hurt), wide: document.documentElement.scrollWidth - innerWidth, high, text }
}

function watchTasks() {
  window.longest = 0
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration)
  }).observe({ type: 'longtask' })
}

async function drawn() {
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))
  await frame()
  await frame()
}
