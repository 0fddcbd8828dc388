// Uppy's tus plugin in a real browser against a running ingest: cut off twice, once while ingest is killed.
//
//   node e2e/uppy.spec.mjs --port 8799 --ingest http://127.0.0.1:8701/v1/uploads --token … --clip video.mp4
//
// The page is served on --port, an origin that ingest has to allow. Standard output has lines of progress. At
// `kill me` the caller kills ingest with -9, starts it, and then writes a line to standard input.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'vite'
import { launch } from './browser.mjs'

const { values: given } = parseArgs({
  options: { port: { type: 'string' }, ingest: { type: 'string' }, token: { type: 'string' }, clip: { type: 'string' } },
})
const TIMEOUT_MS = 240_000
const CHUNK_BYTES = 2 * 1024 * 1024
const SLOW_BYTES_S = 3_000_000

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
  process.stdin.destroy()
}

/** The page's script with Uppy from npm in it. */
async function bundle() {
  const entry = fileURLToPath(new URL('uppy.page.js', import.meta.url))
  const made = await build({
    configFile: false,
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"' },
    build: { write: false, minify: false, lib: { entry, formats: ['iife'], name: 'page' } },
  })
  return [made].flat()[0].output[0].code
}

function serve(script, port) {
  const page = '<!doctype html><meta charset=utf-8><title>Uppy</title><input type=file><script src=/page.js></script>'
  const server = createServer((request, response) => {
    const wanted = request.url === '/page.js' ? ['text/javascript', script] : ['text/html', page]
    response.writeHead(200, { 'content-type': `${wanted[0]}; charset=utf-8` }).end(wanted[1])
  })
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(server)))
}

async function visit(browser) {
  const context = await browser.newContext()
  const page = await context.newPage()
  page.setDefaultTimeout(TIMEOUT_MS)
  const network = await context.newCDPSession(page)
  await network.send('Network.enable')
  await page.goto(`http://127.0.0.1:${given.port}/`)
  await page.locator('input').setInputFiles(given.clip)
  await slowly(network, false)
  const size = await page.evaluate(() => document.querySelector('input').files[0].size)
  await page.evaluate((options) => window.begin(options), { endpoint: given.ingest, token: given.token, chunkSize: CHUNK_BYTES })

  await past(page, size * 0.2)
  await slowly(network, true) // the connection is cut in the middle of a request
  await page.waitForTimeout(1500)
  await slowly(network, false)

  await past(page, size * 0.5)
  await killed()
  await slowly(network, false, -1)
  await page.waitForFunction(() => window.seen.done !== null, undefined, { polling: 100 })
  const seen = await page.evaluate(() => window.seen)
  assert.deepEqual(seen.done, { successful: 1, failed: 0 }, JSON.stringify(seen))
  const asked = seen.requests.filter((each) => each === 'HEAD 200').length
  assert(asked >= 2, 'after each cut it asked where to go on')
  assert.equal(seen.requests.filter((each) => each === 'POST 201').length, 1, 'it began once')
  return seen
}

async function past(page, bytes) {
  await page.waitForFunction((wanted) => window.seen.sent > wanted, bytes, { polling: 20 })
  console.log(`sent ${await page.evaluate(() => window.seen.sent)}`)
}

function slowly(network, offline, uploadThroughput = SLOW_BYTES_S) {
  return network.send('Network.emulateNetworkConditions', { offline, latency: 0, downloadThroughput: -1, uploadThroughput })
}

/** Resolves when the caller has killed and started ingest. */
async function killed() {
  const lines = createInterface({ input: process.stdin })
  const answer = new Promise((resolve) => lines.once('line', resolve))
  console.log('kill me')
  await answer
}
