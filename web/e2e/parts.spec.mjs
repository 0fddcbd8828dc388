// The browser client sends parts to a real bucket, from a real browser; its page is killed in the middle and opened again.
//
//   node e2e/parts.spec.mjs --port 8799 --ingest http://127.0.0.1:8701/v1/uploads --token … --video vid_… --clip video.mp4
//
// The page is served on --port, an origin that ingest and the bucket have to allow. Its server answers for the api.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'vite'
import { launch } from './browser.mjs'

const names = ['port', 'ingest', 'token', 'video', 'clip']
const { values: given } = parseArgs({ options: Object.fromEntries(names.map((name) => [name, { type: 'string' }])) })
const TIMEOUT_MS = 100_000

const served = await serve(await bundle(), Number(given.port))
const browser = await launch()
try {
  console.log(`seen ${JSON.stringify(await visit(browser))}`)
} catch (error) {
  console.error(error)
  process.exitCode = 1
} finally {
  await browser.close()
  served.close()
}

async function bundle() {
  const entry = fileURLToPath(new URL('parts.page.js', import.meta.url))
  const made = await build({
    configFile: false,
    logLevel: 'error',
    build: { write: false, minify: false, lib: { entry, formats: ['iife'], name: 'page' } },
  })
  return [made].flat()[0].output[0].code
}

function serve(script, port) {
  const page = '<!doctype html><meta charset=utf-8><title>Parts</title><input type=file><script src=/page.js></script>'
  const job = { video_id: given.video, status: 'awaiting_file', stage: 'upload' }
  const answers = {
    'GET /': ['text/html', page],
    'GET /page.js': ['text/javascript', script],
    'POST /v1/videos': ['application/json', JSON.stringify({ ...job, upload: target() })],
    [`GET /v1/videos/${given.video}/job`]: ['application/json', JSON.stringify(job)],
  }
  const server = createServer((request, response) => {
    const [type, body] = answers[`${request.method} ${request.url}`] ?? [null, null]
    if (type === null) return response.writeHead(404).end()
    response.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(body)
  })
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(server)))
}

function target() {
  const url = `${given.ingest}/${given.video}`
  const expires_at = new Date(Date.now() + 3_600_000).toISOString()
  return { url, create_url: given.ingest, content_url: `${url}/content`, parts_url: `${url}/parts`, token: given.token, expires_at, max_bytes: 1 << 30 }
}

async function visit(browser) {
  const context = await browser.newContext()
  const killed = await open(context)
  await killed.page.route((url) => url.searchParams.get('partNumber') === '2', () => undefined) // it never gets there
  await killed.page.evaluate(() => void window.begin())
  await arrived(killed, 2)
  const before = { sent: await killed.page.evaluate(() => window.seen.sent), parts: [...killed.parts] }
  await killed.page.goto('about:blank') // what it was sending ends with it; closing it first would let the route go
  await killed.page.close()

  const again = await open(context)
  await again.page.evaluate(() => void window.begin())
  await again.page.waitForFunction(() => window.seen.done || window.seen.error !== null, undefined, { polling: 100 })
  const seen = await again.page.evaluate(() => window.seen)
  const size = await again.page.evaluate(() => document.querySelector('input').files[0].size)
  assert.deepEqual(seen, { sent: size, resumed: true, done: true, error: null })
  assert.deepEqual([before.parts.sort(), again.parts], [['1', '3'], ['2']], 'each part arrived once')
  assert(before.sent < size, 'it was killed in the middle')
  return { before, after: again.parts }
}

/** A page with the file chosen, and the numbers of the parts that it has sent. */
async function open(context) {
  const page = await context.newPage()
  page.setDefaultTimeout(TIMEOUT_MS)
  const parts = []
  page.on('response', (response) => {
    if (response.request().method() === 'PUT' && response.ok()) parts.push(new URL(response.url()).searchParams.get('partNumber'))
  })
  await page.goto(`http://127.0.0.1:${given.port}/`)
  await page.locator('input').setInputFiles(given.clip)
  return { page, parts }
}

async function arrived({ page, parts }, count) {
  const until = Date.now() + TIMEOUT_MS
  while (parts.length < count) {
    assert(Date.now() < until, `${parts} arrived: ${JSON.stringify(await page.evaluate(() => window.seen))}`)
    await page.waitForTimeout(20)
  }
}
