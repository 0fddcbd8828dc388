// A camera from its address to live by the guided set-up, on a phone, in a real browser against a running stack.
//
//   node web/e2e/camera.spec.mjs --url http://127.0.0.1:8700 --key twk_… --site site_… --address rtsp://127.0.0.1:8723/demo --out screenshots
//
// Prints how long it took as JSON; exits 1 with a message when an assertion fails.
import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { findNothing, LOOKS } from './accessible.mjs'
import { launch } from './browser.mjs'

const NAMES = ['url', 'key', 'site', 'address']
const { values: given } = parseArgs({
  options: { ...Object.fromEntries(NAMES.map((name) => [name, { type: 'string' }])), out: { type: 'string', default: 'screenshots' } },
})
for (const name of NAMES) assert(given[name], `--${name} is missing`)

const STEP_MS = 90_000
const HEADERS = { authorization: `Bearer ${given.key}` }
const NARROW = { width: 360, height: 780 }

await mkdir(given.out, { recursive: true })
const browser = await launch()
try {
  console.log(JSON.stringify(await visit(await browser.newContext({ hasTouch: true, viewport: NARROW }))))
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
  const page = await newPage(context)
  const begun = Date.now()
  let last = page
  try {
    await page.goto(`${given.url}/cameras`)
    await page.getByRole('link', { name: 'Add a camera' }).click()
    await page.waitForURL('**/cameras/new')
    await refuse(page)
    await probe(page)
    await leaveAndComeBack(page)
    await use(page)
    await draw(page)
    last = await closeAndComeBack(page)
    await check(last)
    await tryOut(last)
    await goLive(last)
    await pause(last)
    await change(last)
    await remove(last)
    return { seconds: (Date.now() - begun) / 1000 }
  } catch (error) {
    await last.screenshot({ path: path.join(given.out, 'failure.png'), fullPage: true }).catch(() => undefined)
    console.error(await last.locator('main').textContent().catch(() => 'the page does not answer'))
    throw error
  }
}

async function newPage(context) {
  const page = await context.newPage()
  page.on('dialog', (dialog) => dialog.accept())
  await page.setViewportSize(NARROW)
  return page
}

/** An address that cannot be read is refused at once, by the API's sentence and code. */
async function refuse(page) {
  await page.getByLabel('Address').fill('rtsp:/camera')
  await page.getByRole('button', { name: 'Try it' }).click()
  await page.getByText('(address_invalid)').waitFor()
}

async function probe(page) {
  const withUser = given.address.replace('://', '://admin:not-asked-for@')
  await page.getByLabel('Address').fill(withUser)
  await page.getByRole('button', { name: 'Try it' }).click()
  await page.getByRole('progressbar').waitFor()
  assert.equal(await page.getByLabel('Address').inputValue(), given.address, 'user and password leave the address')
  assert.equal(await page.getByLabel('Its password').inputValue(), 'not-asked-for')
  await page.getByRole('heading', { name: 'The camera answers' }).waitFor()
  const facts = await page.locator('.facts').textContent()
  assert.match(facts, /\d+ × \d+, H\.264/)
  assert(await page.locator('.found img').evaluate((image) => image.decode().then(() => image.naturalWidth > 0)), 'no picture')
}

/** Nothing that was typed is lost, but for the password, which the way on asks for. */
async function leaveAndComeBack(page) {
  await page.getByRole('link', { name: 'Floor' }).click()
  await page.waitForURL('**/floor')
  await page.goto(`${given.url}/cameras/new`)
  await page.getByRole('heading', { name: 'The camera answers' }).waitFor()
  assert.equal(await page.getByLabel('Address').inputValue(), given.address)
  assert.equal(await page.getByLabel('User name of the camera').inputValue(), 'admin')
  const kept = await page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage }))
  assert(!kept.includes('not-asked-for'), 'the password was stored')
  await page.locator('#hindrance', { hasText: 'Enter the password again' }).waitFor()
  await look(page, 'step-1-connect')
}

/** It is registered, and its first picture comes. */
async function use(page) {
  await page.getByLabel('Its password').fill('not-asked-for')
  await page.getByRole('button', { name: 'Use this camera' }).click()
  await step(page, 2, 'picture')
  await page.locator('.picture img').waitFor()
  await look(page, 'step-2-picture')
  await onward(page)
}

/** A table by the keyboard alone, an area beside it, and what is suggested. */
async function draw(page) {
  await step(page, 3, 'tables')
  await page.locator('#hindrance', { hasText: 'Draw a table' }).waitFor()
  await page.getByRole('button', { name: 'Put one in the middle' }).press('Enter')
  await page.getByRole('button', { name: /^Corner 1 of Table 1, 40 %/ }).press('Shift+ArrowLeft')
  await page.getByRole('button', { name: /^Corner 1 of Table 1, 38 %/ }).press('Enter')
  await page.getByRole('button', { name: /^Corner 5 of Table 1/ }).waitFor()
  await page.getByRole('button', { name: 'Ignore area', exact: true }).click()
  await page.getByRole('button', { name: 'Put one in the middle' }).press('Enter')
  await page.getByRole('button', { name: /^Corner 1 of Ignore area 1, 40 %/ }).press('ArrowUp')
  await page.getByRole('button', { name: 'Suggest tables' }).click()
  await page.getByText(/pictures? (was|were) looked at|There are few pictures of this camera yet|suggested out of|No table was found/).first().waitFor()
  await look(page, 'step-3-tables')
}

/** The tab is closed in the middle. Another one finds the way back, and what was drawn. */
async function closeAndComeBack(page) {
  const context = page.context()
  await page.close()
  const again = await newPage(context)
  await again.goto(`${given.url}/cameras`)
  await again.getByRole('link', { name: 'Continue set-up' }).click()
  await step(again, 3, 'tables')
  await again.getByRole('button', { name: /^Table 1, whole|^Ignore area 1$/ }).first().waitFor()
  assert.equal(await again.locator('.drawn').count(), 2, 'what was drawn is still there')
  await onward(again)
  return again
}

/** What the view is worth with tables that nobody has saved; and a reload. */
async function check(page) {
  await step(page, 4, 'view')
  await page.reload()
  await step(page, 4, 'view')
  await page.locator('.score-number').waitFor()
  await look(page, 'step-4-view')
  await onward(page)
}

async function tryOut(page) {
  await step(page, 5, 'try')
  await page.getByRole('button', { name: 'Try for a minute' }).click()
  await page.locator('.dry-run', { hasText: 'Table 1' }).waitFor()
  await look(page, 'step-5-try')
  await onward(page)
}

/** Nobody has heard of its tables before this. */
async function goLive(page) {
  await step(page, 6, 'name')
  const layout = await page.request.get(`${given.url}/v1/cameras/${cameraOf(page)}/layout`, { headers: HEADERS })
  assert.equal(layout.status(), 404, 'tables were saved before the end')
  await page.getByLabel(/^Name/).fill('By the bar')
  await page.getByLabel('Number', { exact: true }).fill('77')
  await page.getByLabel('Notes').fill('Ladder in the cellar')
  await look(page, 'step-6-name')
  await page.getByRole('button', { name: 'Save and go live' }).click()
  await page.getByRole('heading', { level: 1, name: 'By the bar is live' }).waitFor()
  await page.locator('.table-card', { hasText: 'Table 1' }).waitFor()
  await look(page, 'live')
  await page.getByRole('link', { name: 'See this camera' }).click()
  await page.getByText('Camera 77').waitFor()
  await page.locator('.health', { hasText: 'Sees well' }).waitFor()
  assert.equal(await page.getByRole('link', { name: 'Continue set-up' }).count(), 0)
}

/** The step that is shown, whose heading has the focus. */
async function step(page, number, name) {
  await page.waitForURL(`**/set-up/${name}`)
  await page.getByRole('heading', { level: 1, name: `Step ${number} of 6` }).and(page.locator(':focus')).waitFor()
}

async function onward(page) {
  await page.getByRole('region', { name: 'On to the next step' }).getByRole('button').last().click()
}

function cameraOf(page) {
  return new URL(page.url()).pathname.split('/')[2]
}

async function pause(page) {
  await page.getByRole('button', { name: 'Pause' }).click()
  await page.locator('.health', { hasText: 'Resting' }).waitFor()
}

/** What somebody else changed meanwhile is not overwritten unseen. */
async function change(page) {
  await page.getByRole('link', { name: 'Change' }).click()
  await page.getByLabel('Seconds between two pictures').fill('5')
  const id = cameraOf(page)
  const answer = await page.request.patch(`${given.url}/v1/cameras/${id}`, { headers: HEADERS, data: { name: 'At the bar' } })
  assert.equal(answer.status(), 200)
  await page.getByRole('button', { name: 'Save changes' }).click()
  await page.getByText('Somebody else has changed this camera').waitFor()
  await look(page, 'conflict')
  await page.getByRole('button', { name: 'Save mine over it' }).click()
  await page.getByRole('heading', { level: 1, name: 'At the bar' }).waitFor()
  const now = await (await page.request.get(`${given.url}/v1/cameras/${id}`, { headers: HEADERS })).json()
  assert.deepEqual([now.name, now.cadence_ms, now.enabled], ['At the bar', 5000, false])
}

async function remove(page) {
  await page.getByRole('button', { name: 'Delete' }).click()
  await page.waitForURL('**/cameras')
  await page.getByRole('heading', { name: 'At the bar' }).waitFor({ state: 'detached' })
}

/** No wider than the window, and nothing for axe-core to find, at the narrowest and at a wide one. */
async function look(page, name) {
  for (const each of [LOOKS[0], LOOKS[3]]) {
    await page.emulateMedia({ colorScheme: each.colorScheme, reducedMotion: 'reduce' })
    await page.setViewportSize(each)
    await page.evaluate(() => scrollTo(0, 0)) // what the bar covers in part is too small for axe-core
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    assert(wide <= 0, `${name} is ${wide} px wider than ${each.width} px`)
    await page.screenshot({ path: path.join(given.out, `${name}-${each.name}.png`), fullPage: true })
    await findNothing(page, `${name}, ${each.name}`)
  }
  await page.setViewportSize(NARROW)
}
