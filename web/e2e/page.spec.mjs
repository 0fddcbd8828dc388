// The page in a real browser, against a running stack: sign in, upload, watch states change, look at frames, go back.
//
//   node web/e2e/page.spec.mjs --url http://127.0.0.1:8700 --key twk_… --clip demo.mp4 --out screenshots [--site site_…]
//
// Prints the table states and the number of frames as JSON; exits 1 with a message when an assertion fails.
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { launch } from './browser.mjs'

const { values: given } = parseArgs({
  options: {
    url: { type: 'string' },
    key: { type: 'string' },
    clip: { type: 'string' },
    out: { type: 'string', default: 'screenshots' },
    site: { type: 'string' },
    timeout: { type: 'string', default: '400' },
  },
})
for (const name of ['url', 'key', 'clip']) assert(given[name], `--${name} is missing`)

const TIMEOUT_MS = Number(given.timeout) * 1000
const STEP_MS = 20_000
const SHOT_MS = 60_000 // of a long page, while a run keeps the processors busy

const [EMPTY, NOTES] = ['empty.mp4', 'notes.mp4']

await mkdir(given.out, { recursive: true })
// A camera of the device that shows a green picture, and permission to use it.
const browser = await launch(['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'])
try {
  const seen = await visit(browser)
  console.log(JSON.stringify(seen))
} catch (error) {
  console.error(error.stack)
  process.exitCode = 1
} finally {
  await browser.close()
}

async function visit(browser) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 1000 }, colorScheme: 'light' })
  context.setDefaultTimeout(STEP_MS)
  const page = await context.newPage()
  const complaints = listen(page)
  try {
    await signIn(page)
    const name = await upload(page)
    const states = await follow(page, name)
    const frames = await lookAtFrames(page)
    await comeBack(page)
    await refused(page)
    await goBack(page)
    await wrongAddress(page)
    await record(page)
    await signOut(page)
    assert.deepEqual(complaints, [], `the browser complained: ${complaints.join('; ')}`)
    return { states, frames }
  } catch (error) {
    await shot(page, 'failure').catch(() => undefined)
    console.error(await situation(page).catch(() => 'the page does not answer'), complaints)
    throw error
  }
}

/** What the page shows, for whoever reads a failure without its screenshot. */
function situation(page) {
  return page.evaluate(() => ({
    stream: document.querySelector('.stream')?.dataset.state,
    sending: [...document.querySelectorAll('.sending')].map((row) => [row.textContent, row.querySelector('progress')?.value]),
    address: location.href,
    entries: [...document.querySelectorAll('.entries li')].map((entry) => entry.textContent),
    job: document.querySelector('.job')?.textContent,
    pictures: [...document.querySelectorAll('.stage img, .viewer img')].map((picture) => [picture.src, picture.complete]),
    spans: [document.querySelectorAll('.track').length, document.querySelectorAll('.track .span').length],
  }))
}

/** Errors of the browser's console; those of refused requests are expected. */
function listen(page) {
  const complaints = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    const expected = /status of (401|404|415|422)/.test(message.text())
    if (message.type() === 'error' && !expected) complaints.push(message.text())
  })
  return complaints
}

async function signIn(page) {
  await page.goto(given.url)
  await page.getByLabel('API key').fill('twk_nobody_0123456789abcdef0123')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('The key is not valid').waitFor()
  await shot(page, '1-refused')
  await page.getByLabel('API key').fill(given.key)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.locator('.stream[data-state=live]').waitFor()
  await page.waitForURL('**/floor')
  if (given.site) await page.getByLabel('Restaurant', { exact: true }).selectOption(given.site)
  await page.locator('.table-card').first().waitFor()
  await shot(page, '2-signed-in')
}

/** Follows a link of the navigation. */
function visitView(page, name) {
  return page.getByRole('navigation').getByRole('link', { name }).click()
}

/** Files that are no videos: the page refuses the one, ingest the other. */
async function wrongFiles() {
  const [empty, notes] = [path.join(given.out, EMPTY), path.join(given.out, NOTES)]
  await writeFile(empty, '')
  await writeFile(notes, 'not a video '.repeat(500))
  return [empty, notes]
}

/** Sends the clip beside two files that are no videos, over a reload of the page; returns the name that the clip has there. */
async function upload(page) {
  const name = path.basename(given.clip)
  await visitView(page, 'Videos')
  await page.locator('#camera option[value^=cam]').first().waitFor({ state: 'attached' })
  const network = await slowly(page)
  await page.locator('#file').setInputFiles([...(await wrongFiles()), given.clip])
  const row = page.locator('.sending', { hasText: name })
  await sentOf(page, name, 10)
  await pauseAndGoOn(page, row)
  const refusal = await page.locator('.sending', { hasText: EMPTY }).locator('.error').textContent()
  assert.match(refusal, /\(empty_file\)$/)
  await page.locator('.entries a', { hasText: NOTES }).getByText('(not_a_video)').first().waitFor()
  await otherView(page)
  await reload(page, name)
  await page.locator('#file').setInputFiles(given.clip)
  await row.getByText('Goes on where it stopped').waitFor()
  await fast(network)
  await row.waitFor({ state: 'hidden', timeout: TIMEOUT_MS })
  await page.locator('.entries a', { hasText: name }).first().click()
  await page.waitForURL('**/videos/vid_*')
  await page.locator('.job h2').waitFor()
  return name
}

/** Waits until more than so many per cent of a file are sent. */
function sentOf(page, name, percent) {
  const isSent = ([file, least]) =>
    [...document.querySelectorAll('.sending')].some((row) => row.textContent.includes(file) && row.querySelector('progress')?.value > least)
  return page.waitForFunction(isSent, [name, percent])
}

/** While another view is shown, the navigation has that something is sent. */
async function otherView(page) {
  await visitView(page, 'Cameras')
  await page.getByRole('navigation').getByLabel('1 video is being sent').waitFor()
  await visitView(page, 'Videos')
}

/** In the middle of an upload: the browser asks first, and then the page names what was not sent to the end. */
async function reload(page, name) {
  const asked = new Promise((resolve) => page.once('dialog', (dialog) => dialog.accept().then(() => resolve(dialog.type()))))
  await page.reload()
  assert.equal(await asked, 'beforeunload')
  await page.locator('.unfinished .sending', { hasText: name }).waitFor()
  await shot(page, '3-not-to-the-end')
}

/** Limits the network so that the demo's clip uploads for about eight seconds. */
async function slowly(page) {
  const network = await page.context().newCDPSession(page)
  await network.send('Network.enable')
  const slow = { offline: false, latency: 5, downloadThroughput: -1 }
  await network.send('Network.emulateNetworkConditions', { ...slow, uploadThroughput: 700_000 })
  return network
}

async function fast(network) {
  const free = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 }
  await network.send('Network.emulateNetworkConditions', free)
  await network.detach()
}

async function pauseAndGoOn(page, row) {
  await row.getByRole('button', { name: 'Pause' }).click()
  await page.waitForTimeout(300)
  const sent = () => row.locator('progress').evaluate((bar) => bar.value)
  const paused = await sent()
  await page.waitForTimeout(700)
  assert.equal(await sent(), paused, 'a paused upload sends nothing')
  await shot(page, '3-uploading')
  await row.getByRole('button', { name: 'Go on' }).click()
}

/** Watches the run to its end; returns the states that each table had, in order. */
async function follow(page, name) {
  assert.equal(await page.locator('.job h2').textContent(), name)
  const until = Date.now() + TIMEOUT_MS
  const states = new Map()
  let middle = false
  for (;;) {
    for (const [table, state] of await tables(page)) {
      const known = states.get(table) ?? []
      if (known.at(-1) !== state) states.set(table, [...known, state])
    }
    const status = await page.locator('.job .badge').getAttribute('data-status')
    if (!middle && [...states.values()].some((known) => known.includes('Occupied'))) {
      middle = true
      await shot(page, '4-working')
    }
    if (status === 'done') break
    if (['failed', 'cancelled'].includes(status)) assert.fail(`the run ended ${status}: ${await page.locator('.job').textContent()}`)
    assert(Date.now() < until, `the run was not done in ${given.timeout} s, but ${status}`)
    await page.waitForTimeout(250)
  }
  await page.waitForTimeout(500)
  await shot(page, '5-done')
  assert(states.size > 0, 'there are no tables')
  const changed = [...states.values()].filter((known) => known.length > 1)
  assert(changed.length > 0, 'no table changed its state on the page')
  return Object.fromEntries(states)
}

function tables(page) {
  return page.locator('.tables li').evaluateAll((rows) =>
    rows.map((row) => [row.querySelector('.name').firstChild.textContent, row.querySelector('.chip').textContent]),
  )
}

async function lookAtFrames(page) {
  const thumbnails = page.locator('.frames li')
  const count = await thumbnails.count()
  assert(count > 0, 'there are no frames')
  await thumbnails.first().locator('button').click()
  const picture = page.locator('.viewer img')
  await page.waitForFunction(() => document.querySelector('.viewer img')?.naturalWidth > 0)
  const first = await picture.getAttribute('src')
  await page.keyboard.press('ArrowRight')
  if (count > 1) await page.waitForFunction((before) => document.querySelector('.viewer img')?.getAttribute('src') !== before, first)
  await page.waitForTimeout(300)
  await shot(page, '5-frame')
  await page.keyboard.press('Escape')
  await page.locator('.viewer').waitFor({ state: 'hidden' })
  await page.getByLabel('Jump to…').selectOption({ index: 2 }) // the second minute
  await page.locator('.gallery details[open]', { hasText: '1:00–2:00' }).locator('.frames li').first().waitFor()
  await page.locator('.picture input[type=range]').fill(String(Math.floor(count / 2)))
  await page.waitForFunction(() => document.querySelector('.stage img')?.naturalWidth > 0)
  await shot(page, '6-middle')
  return count
}

/** After a reload: still signed in, with the same video. */
async function comeBack(page) {
  await page.reload()
  await page.locator('.stream[data-state=live]').waitFor()
  await page.locator('.job .badge[data-status=done]').waitFor()
  await page.locator('.frames li').first().waitFor()
  await page.waitForFunction(() => document.querySelectorAll('.track .span').length > document.querySelectorAll('.track').length)
  await page.waitForFunction(() => document.querySelector('.stage img')?.naturalWidth > 0)
  await shot(page, '7-reloaded')
}

/** The job of the file that is no video shows the refusal with its code. */
async function refused(page) {
  await page.getByRole('link', { name: 'All videos' }).click()
  await page.locator('.entries a', { hasText: NOTES }).first().click()
  await page.locator('.job .badge[data-status=failed]').waitFor()
  const shown = await page.locator('.job .callout').textContent()
  assert.match(shown, /\(\w+\)$/, `the refusal has no code: ${shown}`)
  await shot(page, '8-refused')
}

/** Every view has an address: the back button leads through them. */
async function goBack(page) {
  const failed = page.url()
  await visitView(page, 'Cameras')
  await page.locator('.camera-card a').first().click()
  await page.getByText('No live pictures from this camera yet.').waitFor()
  await shot(page, '9-camera')
  await page.goBack()
  await page.waitForURL('**/cameras')
  await page.goBack()
  await page.locator('.job .badge[data-status=failed]').waitFor()
  assert.equal(page.url(), failed)
}

async function wrongAddress(page) {
  await page.goto(new URL('videos/vid_of_nobody', given.url).href)
  await page.getByText('There is nothing at this address').waitFor()
}

/** With the camera of this device, from its picture to the frames and states of what was recorded. */
async function record(page) {
  await visitView(page, 'Videos')
  await page.getByRole('button', { name: 'Record with a camera of this device' }).click()
  await page.waitForFunction(() => document.querySelector('.preview')?.videoWidth > 0)
  await page.getByRole('button', { name: 'Start recording' }).click()
  await page.getByText(/Recording: 0:0[3-9]/).waitFor()
  await shot(page, '10-recording')
  await page.getByRole('button', { name: 'Stop' }).click()
  await page.waitForFunction(() => document.querySelector('.preview[controls]')?.videoWidth > 0)
  assert.equal(await page.evaluate(() => document.querySelector('.preview').srcObject), null, 'the camera is still open')
  await page.getByText('No tables are looked for in it').waitFor()
  const cameras = page.locator('#camera')
  const [first = ''] = await cameras.locator('option').evaluateAll((options) => options.map((each) => each.value))
  await cameras.selectOption('')
  await cameras.selectOption(first)
  await page.getByText('Tables are looked for as').waitFor()
  await page.getByRole('button', { name: 'Send it' }).click()
  await page.locator('.entries a', { hasText: /^recording [-\d]+ [-\d]+\.webm/ }).first().click()
  await page.locator('.job .badge[data-status=done]').waitFor({ timeout: TIMEOUT_MS })
  await page.locator('.frames li').first().waitFor()
  await page.locator('.track .span').first().waitFor()
  const id = page.url().split('/').at(-1)
  const job = await (await page.request.get(new URL(`v1/videos/${id}/job`, given.url).href)).json()
  const ago = Date.parse(job.created_at) - Date.parse(job.started_at)
  assert(ago > 2000 && ago < 600_000, `it began ${ago} ms before it was sent`)
  await shot(page, '11-recorded')
}

async function signOut(page) {
  await visitView(page, 'Settings')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByLabel('API key').waitFor()
  await page.reload()
  await page.getByLabel('API key').waitFor()
}

function shot(page, name, fullPage = false) {
  return page.screenshot({ path: path.join(given.out, `${name}.png`), fullPage, timeout: SHOT_MS })
}
