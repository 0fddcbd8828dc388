// Every view of the page in a real browser, by its address, against a running stack: wide and narrow, light and dark,
// without findings of axe-core and no wider than the window.
//
//   node web/e2e/views.spec.mjs --url http://127.0.0.1:8700 --key twk_… --site site_… --camera cam_… --video vid_… --out screenshots
//
// Prints the views as JSON; exits 1 with a message when an assertion fails.
import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { findNothing, LOOKS } from './accessible.mjs'
import { launch } from './browser.mjs'

const NAMES = ['url', 'key', 'site', 'camera', 'video']
const { values: given } = parseArgs({
  options: { ...Object.fromEntries(NAMES.map((name) => [name, { type: 'string' }])), out: { type: 'string', default: 'screenshots' } },
})
for (const name of NAMES) assert(given[name], `--${name} is missing`)

const STEP_MS = 60_000
/** By name: the address, and what is there once it is loaded. */
const VIEWS = {
  floor: ['floor', '.table-card'],
  plan: ['floor?as=plan', '.tile'],
  cameras: ['cameras', '.cards .card'],
  camera: [`cameras/${given.camera}`, '.table-card'],
  videos: ['videos', '.entries a'],
  video: [`videos/${given.video}`, '.frames li'],
  hazards: ['hazards', '.nothing, .alert'],
  settings: ['settings', '.rows .texts'],
}

await mkdir(given.out, { recursive: true })
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
  const page = await context.newPage()
  for (const [name, [address, there]] of Object.entries({ ...VIEWS, why: await why(context) })) {
    await page.goto(`${given.url}/${address}`)
    await page.locator('.stream[data-state=live]').waitFor()
    await page.locator(there).first().waitFor()
    for (const look of LOOKS) await lookAt(page, name, look)
  }
  return [...Object.keys(VIEWS), 'why']
}

/** Why a table was in its last state in the video. */
async function why(context) {
  const answer = await context.request.get(`${given.url}/v1/tables?camera_id=${given.camera}`)
  const [table] = (await answer.json()).items
  return [`videos/${given.video}?why=${table.table_id}`, '.looks li']
}

async function lookAt(page, view, { name, width, height, colorScheme }) {
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' }) // a transition would be caught in the middle
  await page.setViewportSize({ width, height })
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  assert(wide <= 0, `${view} is ${wide} px wider than ${width} px`)
  await page.screenshot({ path: path.join(given.out, `${view}-${name}.png`), fullPage: true })
  await findNothing(page, `${view}, ${name}`)
}
