// @vitest-environment jsdom
// Every refusal of ingest, as docs/errors-and-retries.md lists them: the page shows sentence and code.
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Client } from '../src/client'
import { JobCard } from '../src/parts/job'
import { UploadCard } from '../src/parts/upload'
import { Uploads } from '../src/uploads'
import { job } from './documents'
import { show } from './show'

interface Refusal {
  code: string
  status: number
  sentence: string
}

const page = readFileSync('../docs/errors-and-retries.md', 'utf8')
const ofFiles = listed('ingest (file)')
const ofRequests = listed('ingest')

/** Of the list of problems, those that only `by` answers with. */
function listed(by: string): Refusal[] {
  const table = page.split('<!-- problems -->')[1]?.split('<!-- /problems -->')[0] ?? ''
  return [...table.matchAll(/^\| `(\w+)` \| (\d+) \| \w+ \| ([^|]+) \| (.+) \|$/gm)]
    .filter(([, , , who]) => who === by)
    .map(([, code, status, , sentence]) => ({ code: code ?? '', status: Number(status), sentence: sentence ?? '' }))
}

it('there are many', () => {
  expect(ofFiles.length).toBeGreaterThan(15)
  expect(ofRequests.length).toBeGreaterThan(20)
})

describe('a file that was refused', () => {
  it.each(ofFiles)('$code is shown in its job', ({ code, sentence }) => {
    const error = { code, reason: sentence, retryable: false }
    const root = show(<JobCard job={job({ status: 'failed', error })} client={new Client()} onError={() => undefined} />)
    expect(root.querySelector('.callout')?.textContent).toBe(`${sentence} (${code})`)
  })
})

describe('an upload that was refused', () => {
  let server: Server
  let refusal: Refusal
  let base: string

  beforeAll(async () => {
    server = createServer((request, response) => {
      const cors = { 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Headers': '*', 'Access-Control-Allow-Methods': '*' }
      request.resume()
      if (request.method === 'OPTIONS') return response.writeHead(204, cors).end()
      if (request.url === '/v1/videos') {
        const upload = { create_url: `${base}/v1/uploads`, url: `${base}/v1/uploads/vid_1`, token: 't', expires_at: '2999-01-01' }
        return response.writeHead(201, { ...cors, 'content-type': 'application/json' }).end(JSON.stringify({ ...job({}), upload }))
      }
      const { code, status, sentence } = refusal
      const body = { code, status, title: sentence, detail: `${sentence} It is 5.` }
      return response.writeHead(status, { ...cors, 'content-type': 'application/problem+json' }).end(JSON.stringify(body))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => new Promise((resolve) => server.close(resolve)))

  beforeAll(() => void Object.assign(URL, { createObjectURL: () => 'blob:none', revokeObjectURL: () => {} })) // jsdom has none

  // The others are retried for more than a minute first: 5xx, 409 and 423.
  const once = [...ofFiles, ...ofRequests].filter(({ status }) => status < 500 && ![409, 423].includes(status))
  it.each(once)('$code is shown where the file was chosen', async (one) => {
    refusal = one
    localStorage.clear()
    const uploads = new Uploads(new Client({ base }), () => undefined)
    const root = show(<UploadCard uploads={uploads} siteId="site_1" cameras={[]} />)
    const input = root.querySelector<HTMLInputElement>('#file')
    Object.defineProperty(input, 'files', { value: [new File(['x'], 'a.mp4')] })
    input?.dispatchEvent(new Event('change'))
    await expect.poll(() => root.querySelector('.error')?.textContent, { timeout: 60_000 }).toBe(`${one.sentence} It is 5. (${one.code})`)
  }, 90_000)
})
