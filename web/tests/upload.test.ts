// @vitest-environment jsdom
// Uploads against a small tus server of its own, over real HTTP.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Client, fingerprint, startUpload, type UploadProgress } from '../src/client'
import { job } from './documents'

const CONTENT = new Uint8Array(300_000).map((_, at) => at % 251)

// The page's origin is another one than ingest's.
const CORS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': 'POST, HEAD, PATCH',
  'Access-Control-Allow-Headers': 'Authorization, Content-Type, Tus-Resumable, Upload-Length, Upload-Metadata, Upload-Offset',
  'Access-Control-Expose-Headers': 'Location, Upload-Offset, Upload-Length, Tus-Resumable',
}

let server: Server
let base: string
let received: Buffer
let log: string[]
let failAfter: number
let announced: number
let status: { status: string; stage: string }
/** Answers to the next questions how much has arrived. */
let heads: number[]

beforeEach(async () => {
  received = Buffer.alloc(0)
  log = []
  failAfter = Infinity
  announced = 0
  heads = []
  status = { status: 'queued', stage: 'upload' }
  // A request that the client breaks off has no answer.
  server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(() => new Promise((resolve) => server.close(resolve)))

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body: Buffer[] = []
  for await (const chunk of request) body.push(chunk as Buffer)
  const name = `${request.method} ${request.url}`
  for (const [header, value] of Object.entries(CORS)) response.setHeader(header, value)
  if (request.method === 'OPTIONS') return bare(response, 204, {})
  log.push(name)
  if (name === 'POST /v1/videos') {
    announced += 1
    return reply(response, 201, { ...job({ status: 'queued', stage: 'upload' }), upload: target() })
  }
  if (name === 'GET /v1/videos/vid_1/job') return reply(response, 200, job(status))
  if (request.headers.authorization !== 'Bearer token-1') return reply(response, 401, { detail: 'No token.' })
  if (name === 'POST /v1/uploads') return bare(response, 201, { Location: `${base}/v1/uploads/vid_1`, 'Upload-Offset': '0' })
  if (request.method === 'HEAD') {
    const refused = heads.shift()
    if (refused) return bare(response, refused, {})
    return bare(response, 200, { 'Upload-Offset': String(received.length), 'Upload-Length': String(CONTENT.length) })
  }
  if (received.length >= failAfter) return reply(response, 415, { detail: 'That is not a video.' })
  if (Number(request.headers['upload-offset']) !== received.length) return reply(response, 409, { detail: 'Offset.' })
  received = Buffer.concat([received, ...body])
  return bare(response, 204, { 'Upload-Offset': String(received.length) })
}

function target() {
  const url = `${base}/v1/uploads/vid_1`
  const expires_at = new Date(Date.now() + 3_600_000).toISOString()
  return { url, create_url: `${base}/v1/uploads`, content_url: `${url}/content`, token: 'token-1', expires_at, max_bytes: 1e9 }
}

function reply(response: ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json', 'Tus-Resumable': '1.0.0' }).end(JSON.stringify(body))
}

function bare(response: ServerResponse, code: number, headers: Record<string, string>): void {
  response.writeHead(code, { 'Tus-Resumable': '1.0.0', ...headers }).end()
}

class Memory {
  readonly items = new Map<string, string>()
  getItem = (name: string) => this.items.get(name) ?? null
  setItem = (name: string, value: string) => void this.items.set(name, value)
  removeItem = (name: string) => void this.items.delete(name)
}

const file = () => new File([CONTENT], 'evening.mp4', { lastModified: 1 })

function start(storage = new Memory(), progress: UploadProgress[] = []) {
  return startUpload({
    client: new Client({ base }),
    file: file(),
    video: { camera_id: 'cam_1' },
    storage,
    chunkBytes: 100_000,
    onProgress: (each) => progress.push(each),
  })
}

describe('an upload', () => {
  it('creates the video, sends all bytes in chunks, and reports progress', async () => {
    const storage = new Memory()
    const progress: UploadProgress[] = []
    const upload = await start(storage, progress)
    expect(upload).toMatchObject({ videoId: 'vid_1', resumed: false })
    await upload.done
    expect(received.equals(Buffer.from(CONTENT))).toBe(true)
    expect(log.filter((line) => line.startsWith('PATCH'))).toHaveLength(3)
    expect(log).not.toContain('HEAD /v1/uploads/vid_1')
    expect(progress.at(-1)).toEqual({ sent: CONTENT.length, total: CONTENT.length })
    expect(storage.items.size).toBe(0)
  })

  it('goes on where it stopped after the page was closed', async () => {
    const storage = new Memory()
    storage.setItem(fingerprint(file(), { camera_id: 'cam_1' }), JSON.stringify({ videoId: 'vid_1', door: target() }))
    received = Buffer.from(CONTENT.slice(0, 130_000))
    const upload = await start(storage)
    expect(upload.resumed).toBe(true)
    await upload.done
    expect(received.equals(Buffer.from(CONTENT))).toBe(true)
    expect(announced).toBe(0)
    expect(storage.items.size).toBe(0)
  })

  it.each([502, 429])('asks again after %i, and does not begin from zero', async (code) => {
    heads = [code]
    const storage = new Memory()
    storage.setItem(fingerprint(file(), { camera_id: 'cam_1' }), JSON.stringify({ videoId: 'vid_1', door: target() }))
    received = Buffer.from(CONTENT.slice(0, 130_000))
    await (await start(storage)).done
    expect(log).not.toContain('POST /v1/uploads')
    expect(log.filter((line) => line.startsWith('HEAD'))).toHaveLength(2)
    expect(received.equals(Buffer.from(CONTENT))).toBe(true)
  })

  it.each([
    ['is done', { status: 'done', stage: 'done' }],
    ['was cancelled', { status: 'cancelled', stage: 'upload' }],
  ])('begins anew when the earlier one %s', async (_, given) => {
    status = given
    const storage = new Memory()
    storage.setItem(fingerprint(file(), { camera_id: 'cam_1' }), JSON.stringify({ videoId: 'vid_1', door: target() }))
    const upload = await start(storage)
    expect(upload.resumed).toBe(false)
    await upload.done
    expect(announced).toBe(1)
  })

  it('begins anew when the stored upload cannot be read', async () => {
    const storage = new Memory()
    storage.setItem(fingerprint(file(), { camera_id: 'cam_1' }), '{"videoId":')
    const upload = await start(storage)
    await upload.done
    expect(announced).toBe(1)
  })

  it('rejects with the code and sentence of the server when it is refused', async () => {
    failAfter = 100_000
    const upload = await start()
    await expect(upload.done).rejects.toThrow('That is not a video.')
  })

  it('can be paused and resumed', async () => {
    const upload = await start()
    upload.pause()
    const paused = received.length
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(received.length).toBeLessThan(CONTENT.length)
    expect(paused).toBeLessThan(CONTENT.length)
    upload.resume()
    await upload.done
    expect(received.equals(Buffer.from(CONTENT))).toBe(true)
  })
})

describe('a fingerprint', () => {
  it('differs by file and options, and not by what follows from the file', () => {
    const one = { name: 'a.mp4', size: 1, lastModified: 1 }
    const of = fingerprint(one, { camera_id: 'c' })
    expect(fingerprint(one, { camera_id: 'c', filename: 'a.mp4', size_bytes: 1 })).toBe(of)
    expect(fingerprint({ ...one, size: 2 }, { camera_id: 'c' })).not.toBe(of)
    expect(fingerprint(one, { camera_id: 'd' })).not.toBe(of)
  })
})
