// How each view looks, compared with how it was kept: a restaurant that never changes at a time that stands still, wide and
// narrow, light and dark. Needs the built page and nothing else.
//
//   node web/e2e/looks.spec.mjs                  compare with web/e2e/looks/
//   node web/e2e/looks.spec.mjs --renew          keep them as they are now, and the pictures of the README
//   node web/e2e/looks.spec.mjs --out folder     whole pictures of every view, to look at; nothing is compared
//
// What is kept of a look is a picture of one dot for each square of ten pixels. Letters are drawn a little differently from
// machine to machine, so two looks are the same until one dot in 25 is clearly of another colour. The page is
// given the one font that comes with the browser, so that lines break at the same words everywhere.
import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { LOOKS } from './accessible.mjs'
import { launch } from './browser.mjs'
import { NOW, SITE } from './fixed/documents.mjs'
import { readFonts } from './fixed/fonts.mjs'
import { serveFixedSite } from './fixed/server.mjs'
import { VIEWS } from './fixed/views.mjs'

const { values: given } = parseArgs({ options: { renew: { type: 'boolean', default: false }, out: { type: 'string' } } })
const HERE = path.dirname(fileURLToPath(import.meta.url))
const KEPT = path.join(HERE, 'looks')
const CHANGED = path.join(KEPT, 'now')
const README = path.join(HERE, '../../docs/pictures')
const STEP_MS = 60_000
/** Pixels of the screen for one of the page: half as wide is a quarter of the work. */
const SCALE = given.out ? 1 : 0.5
/** Pixels of the screen for a dot. */
const EDGE = 5
/** In a colour, of 255. */
const DIFFERENT = 32
/** The share of dots that may differ so. */
const TOLERATED = 1 / 25

/** Those that the README shows. */
const SHOWN = ['floor', 'editor']

const [regular, bold] = await readFonts(['OpenSans-Regular.ttf', 'OpenSans-Bold.ttf'])
const site = await serveFixedSite({ '/fixed/regular.ttf': regular, '/fixed/bold.ttf': bold })
const browser = await launch()
const STYLE = `
  @font-face { font-family: fixed; src: url(${site.url}/fixed/regular.ttf) }
  @font-face { font-family: fixed; font-weight: 600 900; src: url(${site.url}/fixed/bold.ttf) }
  *, *::before, *::after { font-family: fixed !important; caret-color: transparent !important }
`

const sessions = new Map()
/** With --renew: the new looks, by file. */
const renewed = new Map()
const dataUrl = (bytes) => `data:image/png;base64,${bytes.toString('base64')}`
const bytesOf = (url) => Buffer.from(url.slice(url.indexOf(',') + 1), 'base64')

try {
  await rm(CHANGED, { recursive: true, force: true })
  if (given.renew) await takePictures(await newContext())
  await visit(await newContext())
} catch (error) {
  console.error(error.stack)
  process.exitCode = 1
} finally {
  site.close()
  await browser.close()
}

async function newContext() {
  const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'UTC' })
  context.setDefaultTimeout(STEP_MS)
  await context.clock.setFixedTime(NOW)
  await context.addInitScript((id) => localStorage.setItem('tablewatch-site', id), SITE)
  return context
}

async function visit(context) {
  const [page, paper] = [await context.newPage(), await context.newPage()]
  const changed = []
  for (const [view, [address, there]] of Object.entries(VIEWS)) {
    await open(page, address, there)
    for (const look of LOOKS) if (!(await isAsKept(page, paper, view, look))) changed.push(`${view}-${look.name}`)
  }
  assert.deepEqual([...site.unanswered], [], 'the page asks the fixed site for what it does not have: web/e2e/fixed/documents.mjs')
  if (given.renew) await keepRenewed()
  assert.deepEqual(changed, [], 'these look otherwise than they were kept. Look at them in web/e2e/looks/now; if they are meant so: make pictures')
}

/** Those of the README. */
async function takePictures(context) {
  await mkdir(README, { recursive: true })
  const [page, paper] = [await context.newPage(), await context.newPage()]
  for (const view of SHOWN) {
    await open(page, ...VIEWS[view])
    await takePicture(page, paper, view)
  }
}

/** In place of what was kept, once there is a new look for each. */
async function keepRenewed() {
  await mkdir(KEPT, { recursive: true })
  for (const file of await readdir(KEPT)) if (!renewed.has(file)) await rm(path.join(KEPT, file))
  for (const [file, bytes] of renewed) await save(KEPT, file, bytes)
}

async function open(page, address, there) {
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await page.goto(`${site.url}/${address}`)
  await page.addStyleTag({ content: STYLE })
  await page.locator('.stream[data-state=live]').waitFor()
  await page.locator(there).first().waitFor()
  await inTime(page.evaluate(() => document.fonts.ready), 'the fonts are not loaded')
}

/** Whether a view looks as it was kept. If not it is written beside what was; with --renew it is kept as it is. */
async function isAsKept(page, paper, view, { name, width, height, colorScheme }) {
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
  await page.setViewportSize({ width, height })
  await settled(page)
  const picture = await screenshot(page, SCALE)
  const file = `${view}-${name}.png`
  if (given.out) return save(given.out, file, picture)
  const now = await paper.evaluate(dotted, [dataUrl(picture), EDGE])
  if (given.renew) return renewed.set(file, bytesOf(now))
  const kept = await readFile(path.join(KEPT, file)).catch(() => null)
  if (kept && (await paper.evaluate(difference, [dataUrl(kept), now, DIFFERENT])) <= TOLERATED) return true
  await save(CHANGED, file, picture)
  return false
}

async function save(folder, file, bytes) {
  await mkdir(folder, { recursive: true })
  await writeFile(path.join(folder, file), bytes)
  return true
}

/** By the browser's own protocol: Playwright waits for more than there is to wait for here. */
async function screenshot(page, scale) {
  const session = sessions.get(page) ?? (await page.context().newCDPSession(page))
  sessions.set(page, session)
  const clip = { x: 0, y: 0, ...page.viewportSize(), scale }
  const taken = session.send('Page.captureScreenshot', { format: 'png', optimizeForSpeed: true, clip })
  const { data } = await inTime(taken, 'the browser takes no picture of the page')
  return Buffer.from(data, 'base64')
}

/** The page has what it asked for and asks for no more once that is drawn: one answer may bring about another question. */
async function settled(page) {
  const settle = async () => {
    for (let asked = -1; asked !== site.asked(); ) {
      await site.quiet()
      asked = site.asked()
      await page.evaluate(drawn)
    }
  }
  await inTime(settle(), 'the page goes on asking for something, or a picture of it is not loaded')
}

function inTime(promise, otherwise) {
  let timer
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(`${otherwise}, after ${STEP_MS / 1000} s`)), STEP_MS)))
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** For the README, as wide as its column. */
async function takePicture(page, paper, view) {
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
  await page.setViewportSize({ width: 1200, height: 820 })
  await settled(page)
  const url = await paper.evaluate(webp, dataUrl(await screenshot(page, 1)))
  await writeFile(path.join(README, `${view}.webp`), bytesOf(url))
}

// What follows runs in the browser.

/** Two frames are drawn after a change of size, and every picture that is in sight is loaded, also those within an SVG. */
async function drawn() {
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))
  await frame()
  await frame()
  const pictures = [...document.querySelectorAll('img, image')].filter((each) => each.getBoundingClientRect().top < innerHeight)
  await Promise.all(pictures.map((each) => each.decode().catch(() => undefined)))
  await frame()
}

async function dotted([url, edge]) {
  const image = await createImageBitmap(await (await fetch(url)).blob())
  const size = { width: Math.ceil(image.width / edge), height: Math.ceil(image.height / edge) }
  const canvas = new OffscreenCanvas(size.width, size.height)
  const context = canvas.getContext('2d')
  context.imageSmoothingQuality = 'high'
  context.drawImage(image, 0, 0, size.width, size.height)
  const blob = await canvas.convertToBlob({ type: 'image/png' })
  return new Promise((done) => Object.assign(new FileReader(), { onload: ({ target }) => done(target.result) }).readAsDataURL(blob))
}

/** The share of dots that differ in a colour by more than `most`; 1 if the sizes do. */
async function difference([one, other, most]) {
  const dots = async (url) => {
    const image = await createImageBitmap(await (await fetch(url)).blob())
    const context = new OffscreenCanvas(image.width, image.height).getContext('2d')
    context.drawImage(image, 0, 0)
    return context.getImageData(0, 0, image.width, image.height)
  }
  const [a, b] = [await dots(one), await dots(other)]
  if (a.width !== b.width || a.height !== b.height) return 1
  let different = 0
  for (let at = 0; at < a.data.length; at += 4) if ([0, 1, 2].some((colour) => Math.abs(a.data[at + colour] - b.data[at + colour]) > most)) different += 1
  return different / (a.width * a.height)
}

async function webp(url) {
  const image = await createImageBitmap(await (await fetch(url)).blob())
  const canvas = new OffscreenCanvas(image.width, image.height)
  canvas.getContext('2d').drawImage(image, 0, 0)
  const blob = await canvas.convertToBlob({ type: 'image/webp', quality: 0.85 })
  return new Promise((done) => Object.assign(new FileReader(), { onload: ({ target }) => done(target.result) }).readAsDataURL(blob))
}
