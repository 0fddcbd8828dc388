// What goes wrong in a restaurant, in a real browser against a running stack: names with markup, a key that is revoked in the
// middle, and a connection that is lost.
//
//   node web/e2e/hard.spec.mjs --run .local/run.json --camera cam_… --video vid_… --listen 8723 --out screenshots
//
// `--camera` and `--video`: a camera with a layout, and its video, of which the pictures are. At `--listen` this is a camera
// itself, which the stack has to allow. `--run`: where the stack wrote how it is reached; with `--kill` its api is
// killed in the middle. Prints the steps with their seconds as JSON (`--only names,session`: some of them); exits 1 with a message when an assertion fails.
import assert from 'node:assert/strict'
import { mkdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { findNothing, LOOKS } from './accessible.mjs'
import { launch } from './browser.mjs'
import { layLine } from './line.mjs'

const NAMES = ['run', 'camera', 'video', 'listen']
const { values: given } = parseArgs({
  options: { ...Object.fromEntries(NAMES.map((name) => [name, { type: 'string' }])), only: { type: 'string' }, kill: { type: 'boolean' }, out: { type: 'string', default: 'screenshots' } },
})
for (const name of NAMES) assert(given[name], `--${name} is missing`)
const readRun = async () => JSON.parse(await readFile(given.run, 'utf8'))
const { api_url: URL_OF_API, key: KEY } = await readRun()

const STEP_MS = 90_000
const [WIDE, NARROW] = [LOOKS[0], LOOKS[2]]
/** What people call things: shown as it is, and no wider than a phone. */
const EVIL = {
  site: '<img src=x onerror=alert(1)> 🍝',
  section: '"><script>alert(2)</script>',
  camera: `<svg onload=alert(3)>${'M'.repeat(170)}`,
  table: `"><img src=x onerror=alert(4)>${'W'.repeat(160)}`,
  key: `<iframe srcdoc="<script>alert(5)</script>">${'K'.repeat(150)}`,
  file: `<img src=x onerror=alert(6)>${'F'.repeat(140)}.mp4`,
  notes: `</textarea><script>alert(7)</script> ${'N'.repeat(300)} 👩‍👩‍👧‍👦`,
}
const REVERSED = '\u202etxet'

await mkdir(given.out, { recursive: true })
const browser = await launch()
const line = await layLine(URL_OF_API)
const camera = { server: null, frames: [], asked: 0 }
const seconds = {}
let page = null
/** The newest of the keys that are revoked. */
let key = null
try {
  await house()
  await step('names', shownAsText, camera)
  await step('session', endedInTheMiddle)
  await step('connection', lostAndBack)
  console.log(JSON.stringify(seconds))
} catch (error) {
  await page?.screenshot({ path: path.join(given.out, 'failure.png') }).catch(() => undefined)
  console.error(await page?.locator('body').innerText().catch(() => 'the page does not answer'))
  console.error(error.stack)
  process.exitCode = 1
} finally {
  line.close()
  hangUp()
  await browser.close()
}

async function step(name, run, ...words) {
  if (given.only && !given.only.split(',').includes(name)) return
  const begun = Date.now()
  await run(...words)
  seconds[name] = (Date.now() - begun) / 1000
}

/** A restaurant whose names are what somebody evil would enter, with a camera that sends the pictures of the video. */
async function house() {
  const site = await api('POST', '/v1/sites', { name: EVIL.site, timezone: 'UTC' })
  const section = await api('POST', `/v1/sites/${site.site_id}/sections`, { name: EVIL.section })
  const layout = await api('GET', `/v1/cameras/${given.camera}/layout`)
  const tables = layout.tables.map(({ label, seats, polygon }, at) => ({ label: at === 0 ? EVIL.table : label, seats, polygon, section_id: section.section_id }))
  const { items } = await api('GET', `/v1/videos/${given.video}/frames?limit=20`)
  camera.frames = await Promise.all(items.map(async ({ url }) => Buffer.from(await (await fetch(url)).arrayBuffer())))
  await answerAgain()
  const source = { type: 'snapshot', address: `http://127.0.0.1:${given.listen}/room.jpg` }
  const body = { site_id: site.site_id, name: EVIL.camera, notes: EVIL.notes, section_id: section.section_id, source, cadence_ms: 1000 }
  const made = await api('POST', '/v1/cameras', body)
  await api('PUT', `/v1/cameras/${made.camera_id}/layout`, { reference: layout.reference, tables, floor: layout.floor })
  const video = await api('POST', '/v1/videos', { camera_id: made.camera_id, sampling: { mode: 'cadence', every_ms: 1000 }, filename: EVIL.file })
  await api('POST', '/v1/keys', { name: EVIL.key, scopes: ['read'], site_ids: [site.site_id] })
  const known = await api('GET', `/v1/tables?camera_id=${made.camera_id}`)
  return Object.assign(camera, { site: site.site_id, id: made.camera_id, video: video.video_id, table: known.items.find(({ label }) => label === EVIL.table).table_id })
}

/** Whatever somebody entered is shown as text, in every view, and none is wider than the window. */
async function shownAsText({ site, id, video, table }) {
  await refused('/v1/sites', { name: REVERSED })
  await refused(`/v1/sites/${site}/sections`, { name: REVERSED })
  await refused('/v1/cameras', { site_id: site, name: REVERSED })
  await refused('/v1/keys', { name: REVERSED, scopes: ['read'] })
  const context = await newContext(URL_OF_API, KEY)
  const complaints = await open(context, NARROW)
  const views = {
    floor: ['floor', EVIL.table],
    plan: ['floor?as=plan', EVIL.table],
    why: [`floor?why=${table}`, EVIL.table],
    cameras: ['cameras', EVIL.camera],
    camera: [`cameras/${id}`, EVIL.notes],
    change: [`cameras/${id}/change`, EVIL.camera],
    editor: [`cameras/${id}/tables`, EVIL.table],
    videos: ['videos', EVIL.file],
    video: [`videos/${video}`, EVIL.file],
    hazards: ['hazards', 'Nothing on the floor'],
    settings: ['settings', EVIL.key],
  }
  const wide = []
  for (const [name, [address, text]] of Object.entries(views)) {
    await page.goto(`${URL_OF_API}/${address}`)
    await page.locator('.stream[data-state=live]').waitFor()
    await page.getByText(text).first().waitFor()
    wide.push(...(await tooWide(name)))
  }
  assert.deepEqual(wide, [], 'wider than the window, px')
  assert.deepEqual(complaints, [], 'the page did more than to show names')
  await context.close()
}

/** Every name that people read is refused if it turns what stands beside it around. */
async function refused(address, body) {
  const answer = await ask('POST', address, body)
  assert.equal(answer.status, 422, `${address} takes ${JSON.stringify(body)}: ${await answer.text()}`)
}

/** The key is revoked while tables are drawn, a form is half filled and a file is sent: nothing of it is lost. */
async function endedInTheMiddle() {
  const context = await newContext(URL_OF_API, null)
  await open(context, WIDE)
  const address = `${URL_OF_API}/cameras/${camera.id}/tables`
  await page.goto(address)
  await signIn(await newKey())
  await page.getByRole('button', { name: 'Put one in the middle' }).click()
  await page.getByLabel('Name or number').fill('Beside the door')
  await revoke()
  await page.getByRole('button', { name: 'Save tables' }).click()
  await signInAgain('again')
  assert.equal(page.url(), address)
  assert.equal(await page.getByLabel('Name or number').inputValue(), 'Beside the door')
  await page.getByRole('button', { name: 'Save tables' }).click()
  await page.locator('.table-card', { hasText: 'Beside the door' }).waitFor()

  await page.getByRole('navigation').getByRole('link', { name: 'Settings' }).click()
  await revoke()
  await page.getByLabel('New section').fill('Garden')
  await page.keyboard.press('Enter')
  await signInAgain()
  assert.equal(await page.getByLabel('New section').inputValue(), 'Garden')
  assert.equal(await page.evaluate(() => document.activeElement.value), 'Garden', 'the focus is where it was')
  await page.keyboard.press('Enter')
  await sectionNamed('Garden').waitFor()
  await context.close()
}

function sectionNamed(name) {
  return page.locator('.rows li', { hasText: name })
}

async function signIn(key) {
  await page.getByLabel('API key').fill(key)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByLabel('API key').waitFor({ state: 'detached' })
}

async function signInAgain(name = null) {
  await page.getByText('The session has ended. Sign in again.').waitFor()
  if (name) await lookAtBoth(name)
  await page.keyboard.press('Escape')
  await signIn(await newKey())
  await page.locator('.stream[data-state=live]').waitFor()
}

/** A connection that is lost in the middle: the page says so, loses nothing and repeats nothing. */
async function lostAndBack() {
  const context = await newContext(line.url, KEY)
  await open(context, NARROW)
  await page.goto(`${line.url}/floor`)
  await page.locator('.stream[data-state=live]').waitFor()
  await page.locator('.table-card').first().waitFor()
  const tables = await page.locator('.table-card').count()
  await rename('Zero')
  await newsAre(['Zero'])
  line.cut()
  await page.locator('.lost', { hasText: 'No connection to the server since' }).waitFor()
  assert.equal(await page.locator('.table-card').count(), tables, 'what was known is still there')
  await lookAtBoth('lost')
  for (const name of ['One', 'Two']) await rename(name)
  await page.getByRole('navigation').getByRole('link', { name: 'Settings' }).click()
  await page.getByLabel('New section').fill('Cellar')
  await page.keyboard.press('Enter')
  await page.getByText('most likely not done').waitFor()
  assert.equal(await page.getByLabel('New section').inputValue(), 'Cellar')
  line.mend()
  await page.locator('.stream[data-state=live]').waitFor()
  await page.locator('.lost').waitFor({ state: 'detached' })
  await page.getByLabel('New section').press('Enter')
  await sectionNamed('Cellar').waitFor()
  await newsAre(['Two', 'One', 'Zero'])
  if (given.kill) await startedAgain()
  await context.close()
}

async function startedAgain() {
  process.kill((await readRun()).pids.api, 'SIGKILL')
  await page.locator('.stream:not([data-state=live])').waitFor()
  await page.locator('.stream[data-state=live]').waitFor({ timeout: STEP_MS * 3 })
  await rename('Three')
  await newsAre(['Three', 'Two', 'One', 'Zero'])
}

/** Each change of the site is once in what happened lately. */
async function newsAre(names) {
  await page.getByRole('navigation').getByRole('link', { name: 'Floor' }).click()
  const lines = page.locator('.feed li', { hasText: /settings of .+ were changed/ })
  await lines.filter({ hasText: names[0] }).waitFor()
  assert.deepEqual(await lines.evaluateAll((all) => all.map((each) => / of (.+) were/.exec(each.textContent)[1])), names)
}

async function rename(name) {
  await api('PATCH', `/v1/sites/${camera.site}`, { name })
}

/** As people with the key see it, in a tab of their own. */
async function newContext(url, key) {
  const context = await browser.newContext({ reducedMotion: 'reduce' })
  context.setDefaultTimeout(STEP_MS)
  await context.addInitScript((site) => {
    localStorage.setItem('tablewatch-site', site)
    document.addEventListener('securitypolicyviolation', (event) => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI}`))
  }, camera.site)
  if (key !== null) await context.request.post(`${url}/v1/session`, { data: { key } })
  return context
}

/** A page of the context; returns what it complains of, as it comes. */
async function open(context, look) {
  page = await context.newPage()
  await page.setViewportSize(look)
  const complaints = []
  page.on('dialog', (dialog) => {
    complaints.push(dialog.message())
    void dialog.dismiss()
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of 404/.test(message.text())) complaints.push(message.text())
  })
  return complaints
}

/** The text of a new key, which may do what a manager does in one restaurant. */
async function newKey() {
  key = await api('POST', '/v1/keys', { name: 'Tablet', scopes: ['write', 'upload'], site_ids: [camera.site] })
  return key.key
}

function revoke() {
  return api('DELETE', `/v1/keys/${key.key_id}`)
}

function ask(method, address, body) {
  const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' }
  return fetch(URL_OF_API + address, { method, headers, body: body && JSON.stringify(body) })
}

async function api(method, address, body) {
  const answer = await ask(method, address, body)
  assert(answer.ok, `${method} ${address}: ${answer.status} ${answer.ok || (await answer.text())}`)
  return answer.status === 204 ? null : answer.json()
}

/** The camera sends one picture after the other. */
async function answerAgain() {
  camera.server = createServer((_, response) => {
    camera.asked += 1
    response.writeHead(200, { 'content-type': 'image/jpeg' }).end(camera.frames[camera.asked % camera.frames.length])
  })
  await new Promise((listening) => camera.server.listen(Number(given.listen), '127.0.0.1', listening))
}

function hangUp() {
  camera.server?.closeAllConnections()
  camera.server?.close()
}

/** By how much it is wider than the window, wide and narrow, where it is. */
async function tooWide(name) {
  const found = []
  for (const look of [WIDE, NARROW]) {
    await page.setViewportSize(look)
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    await page.screenshot({ path: path.join(given.out, `${name}-${look.name}.png`) })
    if (wide > 0) found.push(`${name}, ${look.width}: ${wide}`)
  }
  return found
}

/** Nothing for axe-core to find, wide and narrow. */
async function lookAtBoth(name) {
  const before = page.viewportSize()
  assert.deepEqual(await tooWide(name), [], 'wider than the window, px')
  for (const look of [WIDE, NARROW]) {
    await page.setViewportSize(look)
    await findNothing(page, `${name}, ${look.name}`)
  }
  await page.setViewportSize(before)
}
