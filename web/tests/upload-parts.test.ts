// @vitest-environment jsdom
// Uploads in parts, against an ingest and a bucket of its own, over real HTTP: each of them another origin than the page's.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Client, fingerprint, startUpload, type Upload, type UploadProgress } from '../src/client'
import { job } from './documents'

const PART = 100_000
const CONTENT = new Uint8Array(5 * PART + 12_345).map((_, at) => at % 251)
const PARTS = 6
const CORS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': 'GET, POST, PUT, HEAD, PATCH, DELETE',
  'Access-Control-Allow-Headers': '*, Authorization, Content-Type, Tus-Resumable, Upload-Length, Upload-Metadata, Upload-Offset',
  'Access-Control-Expose-Headers': 'Location, Upload-Offset, Upload-Length, Tus-Resumable',
}

const servers: Server[] = []
let api: string
let bucket: string
let log: string[]
let arrived: Map<number, Buffer>
/** Statuses that the bucket answers next for a part, before it takes it. */
let refusals: Map<number, number[]>
/** Parts but the first are answered once it resolves: jsdom tells of what was sent only with the answer. */
let held: Promise<void>
let isOpen: boolean
let verdict: { status: number; body: unknown }
let begun: 'receiving' | 'stored'
let underWay: number
let most: number
let announced: number
let byTus: Buffer

beforeEach(async () => {
  log = []
  arrived = new Map()
  refusals = new Map()
  held = Promise.resolve()
  isOpen = true
  verdict = { status: 201, body: { status: 'stored' } }
  begun = 'receiving'
  underWay = most = announced = 0
  byTus = Buffer.alloc(0)
  api = await serve(ask)
  bucket = await serve(put)
})
afterEach(() => Promise.all(servers.splice(0).map((server) => (server.closeAllConnections(), new Promise((end) => server.close(end))))))

type Answering = (name: string, body: Buffer, request: IncomingMessage, response: ServerResponse) => Promise<void> | void

async function serve(answering: Answering): Promise<string> {
  const server = createServer((request, response) => void answer(answering, request, response).catch(() => response.destroy()))
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function answer(answering: Answering, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body: Buffer[] = []
  for await (const chunk of request) body.push(chunk as Buffer)
  if (isOpen || answering !== put) for (const [header, value] of Object.entries(CORS)) response.setHeader(header, value)
  if (request.method === 'OPTIONS') return void response.writeHead(204).end()
  await answering(`${request.method} ${request.url}`, Buffer.concat(body), request, response)
}

function ask(name: string, body: Buffer, request: IncomingMessage, response: ServerResponse): void {
  log.push(name)
  const path = name.replace(/vid_\d/, 'vid')
  if (path === 'POST /v1/videos') {
    announced += 1
    return reply(response, 201, { ...job({ status: 'queued', stage: 'upload', video_id: `vid_${announced}` }), upload: target(`vid_${announced}`) })
  }
  if (path === 'GET /v1/videos/vid/job') return reply(response, 200, job({ status: 'awaiting_file', stage: 'upload' }))
  if (path === 'DELETE /v1/videos/vid') return reply(response, 202, {})
  if (request.headers.authorization !== 'Bearer token-1') return reply(response, 401, { code: 'token_invalid' })
  const parts = [...arrived].map(([number, each]) => ({ number, etag: `"${number}"`, size_bytes: each.length }))
  if (path === 'POST /v1/uploads/vid/parts') return reply(response, 201, { status: begun, part_bytes: PART, part_count: PARTS })
  if (path === 'GET /v1/uploads/vid/parts') return reply(response, 200, { parts })
  if (path === 'POST /v1/uploads/vid/parts/complete') return reply(response, verdict.status, verdict.body)
  if (path === 'POST /v1/uploads/vid/parts/sign') {
    const { numbers } = JSON.parse(body.toString()) as { numbers: number[] }
    return reply(response, 200, { urls: numbers.map((number) => ({ number, url: `${bucket}/${number}` })) })
  }
  if (request.method === 'POST') return void response.writeHead(201, { 'Tus-Resumable': '1.0.0', Location: `${api}/v1/uploads/vid_${announced}`, 'Upload-Offset': '0' }).end()
  byTus = Buffer.concat([byTus, body])
  return void response.writeHead(204, { 'Tus-Resumable': '1.0.0', 'Upload-Offset': String(byTus.length) }).end()
}

async function put(name: string, body: Buffer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  log.push(name)
  const number = Number(request.url?.slice(1))
  underWay += 1
  most = Math.max(most, underWay)
  response.once('close', () => (underWay -= 1))
  if (number !== 1) await held
  const refused = refusals.get(number)?.shift()
  if (refused) return void response.writeHead(refused).end('<Error/>')
  if (!response.destroyed) arrived.set(number, body)
  response.writeHead(200, { ETag: `"${number}"` }).end()
}

function target(videoId: string) {
  const url = `${api}/v1/uploads/${videoId}`
  const expires_at = new Date(Date.now() + 3_600_000).toISOString()
  return { url, create_url: `${api}/v1/uploads`, content_url: `${url}/content`, parts_url: `${url}/parts`, token: 'token-1', expires_at, max_bytes: 1e9 }
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

class Memory {
  readonly items = new Map<string, string>()
  getItem = (name: string) => this.items.get(name) ?? null
  setItem = (name: string, value: string) => void this.items.set(name, value)
  removeItem = (name: string) => void this.items.delete(name)
}

const file = () => new File([CONTENT], 'evening.mp4', { lastModified: 1 })
const sentTo = (what: string) => log.filter((line) => line.startsWith(what))
const whole = () => Buffer.concat([...arrived].sort(([a], [b]) => a - b).map(([, each]) => each))
const holdBucket = () => {
  let release = () => {}
  held = new Promise((resolve) => (release = resolve))
  return () => release()
}

function start(storage = new Memory(), progress: UploadProgress[] = []): Promise<Upload> {
  const onProgress = (each: UploadProgress) => progress.push(each)
  return startUpload({ client: new Client({ base: api }), file: file(), video: { camera_id: 'cam_1' }, storage, onProgress })
}

describe('an upload in parts', () => {
  it('sends them straight to the bucket, several at once, and has them put together', async () => {
    const release = holdBucket()
    const storage = new Memory()
    const progress: UploadProgress[] = []
    const upload = await start(storage, progress)
    expect(upload).toMatchObject({ videoId: 'vid_1', resumed: false })
    await vi.waitFor(() => expect(underWay).toBe(4))
    release()
    await upload.done
    expect(whole().equals(Buffer.from(CONTENT))).toBe(true)
    expect([most, sentTo('PUT').length, sentTo('PATCH').length]).toEqual([4, PARTS, 0])
    expect(log.at(-1)).toBe('POST /v1/uploads/vid_1/parts/complete')
    expect(progress.at(-1)).toEqual({ sent: CONTENT.length, total: CONTENT.length })
    expect(progress.every(({ sent, total }) => sent >= 0 && sent <= total)).toBe(true)
    expect(storage.items.size).toBe(0)
  })

  it('sends a part again, with a new link, that the bucket refused twice', async () => {
    refusals.set(3, [503, 403])
    await (await start()).done
    expect(sentTo('PUT /3')).toHaveLength(3)
    expect(sentTo('POST /v1/uploads/vid_1/parts/sign')).toHaveLength(PARTS + 2)
    expect(whole().equals(Buffer.from(CONTENT))).toBe(true)
  })

  it('can be paused in the middle: nothing goes on, and only what has not arrived is sent afterwards', async () => {
    const upload = await start()
    await vi.waitFor(() => expect(arrived.size).toBeGreaterThan(0))
    const release = holdBucket()
    upload.pause()
    release()
    await vi.waitFor(() => expect(underWay).toBe(0))
    const before = log.length
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(log.slice(before)).toEqual([])
    upload.resume()
    await upload.done
    expect(whole().equals(Buffer.from(CONTENT))).toBe(true)
    expect(sentTo('POST /v1/uploads/vid_1/parts/complete')).toHaveLength(1)
  })

  it('goes on after the page was closed, with the parts that have not arrived whole', async () => {
    const storage = new Memory()
    storage.setItem(fingerprint(file(), { camera_id: 'cam_1' }), JSON.stringify({ videoId: 'vid_1', door: target('vid_1') }))
    for (const number of [1, 2, 5]) arrived.set(number, Buffer.from(CONTENT.slice((number - 1) * PART, number * PART)))
    arrived.set(4, Buffer.from('cut'))
    const progress: UploadProgress[] = []
    const upload = await start(storage, progress)
    expect(upload.resumed).toBe(true)
    await upload.done
    expect(sentTo('PUT').sort()).toEqual(['PUT /3', 'PUT /4', 'PUT /6'])
    expect(progress.find(({ sent }) => sent === 3 * PART)).toBeDefined()
    expect(whole().equals(Buffer.from(CONTENT))).toBe(true)
    expect([announced, storage.items.size]).toEqual([0, 0])
  })

  it('that was put together before the page was closed is over', async () => {
    begun = 'stored'
    await (await start()).done
    expect(sentTo('PUT')).toEqual([])
  })

  it('stops and is forgotten when it is aborted', async () => {
    holdBucket()
    const storage = new Memory()
    const upload = await start(storage)
    await vi.waitFor(() => expect(underWay).toBe(4))
    await upload.abort()
    await vi.waitFor(() => expect(underWay).toBe(0))
    expect([storage.items.size, arrived.size, sentTo('PUT').length]).toEqual([0, 1, 5])
  })

  it('is over when it is not decided yet: the job has what comes of it', async () => {
    verdict = { status: 202, body: { status: 'received' } }
    await expect((await start()).done).resolves.toBeUndefined()
  })

  it('rejects with the code and sentence of the server when its file is refused', async () => {
    verdict = { status: 422, body: { code: 'not_a_video', detail: 'That is not a video.' } }
    const upload = await start()
    await expect(upload.done).rejects.toMatchObject({ status: 422, code: 'not_a_video', detail: 'That is not a video.' })
    expect(sentTo('POST /v1/uploads/vid_1/parts/complete')).toHaveLength(1)
  })
})

describe('a bucket that is closed to the page', () => {
  it('is left for tus, by another video, with a line for the developer; and is not tried again', async () => {
    const info = vi.spyOn(console, 'info').mockImplementation(() => undefined)
    isOpen = false
    const storage = new Memory()
    const upload = await start(storage)
    expect(upload.videoId).toBe('vid_2')
    await upload.done
    expect(byTus.equals(Buffer.from(CONTENT))).toBe(true)
    expect([sentTo('DELETE'), arrived.size, storage.items.size]).toEqual([['DELETE /v1/videos/vid_1'], 0, 0])
    expect(info).toHaveBeenCalledOnce()
    byTus = Buffer.alloc(0)
    await (await start()).done
    expect([announced, byTus.length, sentTo('POST /v1/uploads/vid_3/parts')]).toEqual([3, CONTENT.length, []])
  })
})
