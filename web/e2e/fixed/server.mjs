// The built page and a restaurant that never changes, without any of our services.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import path from 'node:path'
import { setTimeout as pass } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { answer, MISSING, snapshot } from './documents.mjs'

const HERE = path.dirname(fileURLToPath(import.meta.url))
const DIST = path.join(HERE, '../../dist')
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.webp': 'image/webp', '.ttf': 'font/ttf', '.webmanifest': 'application/manifest+json' }
/** After an answer the page may ask for more: what it shows is complete once it has asked for nothing for so long. */
const QUIET_MS = 100
const STREAM = { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }

/** The restaurant of documents.mjs. */
const FIXED = { answer, snapshot }

/**
 * Listens on a free port of this machine. `files`: the bytes of more files, by address. `unanswered` grows with what nothing
 * is answered to. `asked` is how many requests there were; `quiet` waits until there was none for a moment. `hold`, if it is
 * given, is awaited before each answer and picture. `restaurant`: another one than that of documents.mjs.
 *
 * What changes: `answers` has what is answered in place of the restaurant's document, by `METHOD /path` below `/v1`: a function of
 * the body that returns status and document. `send` sends an event to every stream that is open; `streams` is how many are.
 */
export async function serveFixedSite(files = {}, hold = async () => {}, restaurant = FIXED) {
  const site = { files, hold, restaurant, unanswered: new Set(), answers: new Map(), streams: new Set(), sent: [] }
  const requests = { asked: 0, open: 0, newest: 0 }
  const server = createServer((request, response) => {
    count(requests, request, response)
    respond(request, response, site).catch((error) => response.writeHead(500).end(String(error.stack)))
  })
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening))
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  const quiet = async () => {
    while (requests.open > 0 || performance.now() - requests.newest < QUIET_MS) await pass(QUIET_MS / 5)
  }
  const send = (type, data) => {
    const text = event(site.sent.push([type, data]) + 1, type, data)
    for (const stream of site.streams) stream.write(text)
  }
  const { unanswered, answers, streams } = site
  return { url: `http://127.0.0.1:${server.address().port}`, unanswered, answers, asked: () => requests.asked, streams: () => streams.size, quiet, send, close }
}

/** All but the event stream, which stays open. */
function count(requests, request, response) {
  if (request.url.startsWith('/v1/events')) return
  requests.asked += 1
  requests.open += 1
  response.once('close', () => {
    requests.open -= 1
    requests.newest = performance.now()
  })
}

async function respond(request, response, site) {
  const { pathname, searchParams, origin } = new URL(request.url, `http://${request.headers.host}`)
  if (pathname.startsWith('/v1/') || pathname.startsWith('/fixed/')) await site.hold()
  if (pathname === '/v1/events') return stream(response, site, request.headers['last-event-id'] ?? searchParams.get('last_event_id'))
  if (!pathname.startsWith('/v1/')) return file(response, pathname, site.files)
  const path = pathname.slice(3)
  const changed = site.answers.get(`${request.method} ${path}`)
  if (changed) return json(response, ...changed(await body(request)))
  const document = site.restaurant.answer(path, searchParams, `${origin}/fixed/room.webp`)
  if (document === null && !MISSING.has(path)) site.unanswered.add(`${request.method} ${pathname}`)
  json(response, document === null ? 404 : 200, document)
}

async function body(request) {
  let text = ''
  for await (const part of request) text += part
  return text ? JSON.parse(text) : null
}

/** The snapshot, or what was sent after the last event that was received; and what is sent from now on. */
function stream(response, { restaurant, streams, sent }, last) {
  response.writeHead(200, STREAM)
  const received = last ? Number(last.slice(ID.length)) : null
  if (received !== null) sent.slice(received - 1).forEach((each, at) => response.write(event(received + at + 1, ...each)))
  else response.write(event(sent.length + 1, 'snapshot', restaurant.snapshot))
  streams.add(response)
  response.once('close', () => streams.delete(response))
}

const ID = 'e-'
const event = (seq, type, data) => `id: ${ID}${seq}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`

function json(response, status, document = null) {
  const problem = { type: 'about:blank', title: 'Not found', status, code: 'not_found', detail: 'The fixed site has none.' }
  const head = { 'content-type': status < 400 ? 'application/json' : 'application/problem+json', etag: '"fixed-1"' }
  response.writeHead(status, head).end(JSON.stringify(document ?? problem))
}

/** A file of the page, of this folder, or of `files`; at the address of a view the page itself, as the api serves it. */
async function file(response, pathname, files) {
  const extension = path.extname(pathname)
  const found = pathname.startsWith('/fixed/') ? path.join(HERE, pathname.slice(6)) : path.join(DIST, pathname)
  if (TYPES[extension]) return response.writeHead(200, { 'content-type': TYPES[extension] }).end(files[pathname] ?? (await readFile(found)))
  const html = await readFile(path.join(DIST, 'index.html'), 'utf8')
  const base = '../'.repeat(pathname.split('/').length - 2) || './'
  response.writeHead(200, { 'content-type': TYPES['.html'] }).end(html.replace('<base href="/"', `<base href="${base}"`))
}
