// Lighthouse of every view, against a running stack. Prints a table; exits 1 where accessibility or best practices are below 95.
//
//   node web/e2e/lighthouse.mjs --run .local/run.json [--out folder]
//
// npm brings Lighthouse when it is asked for: it is no part of what the page is built or tested with. Performance is of the
// machine that this runs on, with a phone's processor and network simulated, and is told without a limit.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { launch } from './browser.mjs'

const { values: given } = parseArgs({ options: { run: { type: 'string', default: '.local/run.json' }, out: { type: 'string' } } })
const LIGHTHOUSE = 'lighthouse@12.8.2'
const LEAST = 95
const CATEGORIES = ['accessibility', 'best-practices', 'performance']
const AUDIT_MS = 300_000

const run = JSON.parse(await readFile(given.run, 'utf8'))
const port = await freePort()
const browser = await launch([`--remote-debugging-port=${port}`])
const folder = given.out ?? (await mkdtemp(path.join(tmpdir(), 'lighthouse-')))
try {
  await report()
} catch (error) {
  console.error(error.stack)
  process.exitCode = 1
} finally {
  await browser.close()
}

async function report() {
  const cookie = await signIn()
  const below = []
  console.log('| view | accessibility | best practices | performance | largest paint | layout shift |\n|---|---|---|---|---|---|')
  for (const [name, address] of Object.entries(await addresses())) {
    const { categories, audits } = await audit(name, `${run.api_url}/${address}`, name === 'sign-in' ? null : cookie)
    const scores = CATEGORIES.map((each) => Math.round(categories[each].score * 100))
    console.log(`| ${[name, ...scores, audits['largest-contentful-paint'].displayValue, audits['cumulative-layout-shift'].displayValue].join(' | ')} |`)
    const failed = CATEGORIES.slice(0, 2).flatMap((each) => categories[each].auditRefs.filter(({ id, weight }) => weight > 0 && audits[id].score !== null && audits[id].score < 1))
    for (const { id } of failed) console.log(`  ${id}: ${audits[id].title}`)
    if (Math.min(...scores.slice(0, 2)) < LEAST) below.push(name)
  }
  assert.deepEqual(below, [], `below ${LEAST} (the reports are in ${folder})`)
}

async function signIn() {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${run.api_url}/v1/session`, { method: 'POST', headers, body: JSON.stringify({ key: run.key }) })
  assert(answer.ok, await answer.text())
  return answer.headers.getSetCookie().map((each) => each.split(';')[0]).join('; ')
}

/** Those of the site that the stack was started with. */
async function addresses() {
  const headers = { authorization: `Bearer ${run.key}` }
  const answer = await fetch(`${run.api_url}/v1/videos?site_id=${run.site_id}&limit=1`, { headers })
  const [video] = (await answer.json()).items
  const at = (address) => `${address}?site=${run.site_id}`
  return {
    'sign-in': 'floor',
    floor: at('floor'),
    cameras: at('cameras'),
    camera: at(`cameras/${run.camera_id}`),
    editor: at(`cameras/${run.camera_id}/tables`),
    videos: at('videos'),
    ...(video ? { video: at(`videos/${video.video_id}`) } : {}),
    hazards: at('hazards'),
    settings: at('settings'),
  }
}

async function audit(name, url, cookie) {
  const file = path.join(folder, `${name}.json`)
  const signed = cookie === null ? [] : ['--extra-headers', JSON.stringify({ Cookie: cookie })]
  const words = [url, '--port', String(port), '--quiet', '--only-categories', CATEGORIES.join(','), '--output', 'json', '--output-path', file, ...signed]
  await promisify(execFile)('npm', ['exec', '--yes', `--package=${LIGHTHOUSE}`, '--', 'lighthouse', ...words], { timeout: AUDIT_MS })
  return JSON.parse(await readFile(file, 'utf8'))
}

async function freePort() {
  const server = createServer()
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening))
  const { port: free } = server.address()
  await new Promise((closed) => server.close(closed))
  return free
}
