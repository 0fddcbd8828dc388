// The REST side of the API. Without a key the browser's cookie signs the requests.
import type { HazardAlert } from '../generated/events'
import type {
  Camera,
  Crop,
  Frame,
  HazardAction,
  Job,
  Layout,
  Link,
  Named,
  NewJob,
  NewVideo,
  Page,
  Site,
  Step,
  Table,
  Turn,
  TurnsOf,
} from './documents'

/** An answer that is an error (RFC 9457). `code` is stable, `detail` says what to do. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string,
  ) {
    super(detail || title)
    this.name = 'Problem'
  }
}

export interface ClientOptions {
  /** Address of the API; empty for the origin of the page. */
  base?: string
  /** API key; not in a browser, which signs in for a cookie. */
  key?: string
  fetch?: typeof fetch
}

export class Client {
  readonly base: string
  private readonly headers: Record<string, string>
  private readonly send: typeof fetch

  constructor(options: ClientOptions = {}) {
    this.base = options.base ?? ''
    this.headers = options.key ? { authorization: `Bearer ${options.key}` } : {}
    this.send = options.fetch ?? ((...request) => fetch(...request))
  }

  /** Exchanges a key for a cookie that scripts cannot read. */
  signIn(key: string): Promise<unknown> {
    return this.request('POST', '/v1/session', { key })
  }

  /** Rejects with a Problem of status 401 when nobody is signed in. */
  session(): Promise<{ key_id: string; scopes: string[] }> {
    return this.request('GET', '/v1/session')
  }

  signOut(): Promise<unknown> {
    return this.request('DELETE', '/v1/session')
  }

  sites(): Promise<Site[]> {
    return this.all('/v1/sites')
  }

  cameras(siteId: string): Promise<Camera[]> {
    return this.all(`/v1/cameras?site_id=${encodeURIComponent(siteId)}`)
  }

  layout(cameraId: string, version: number | null = null): Promise<Layout> {
    const camera = `/v1/cameras/${encodeURIComponent(cameraId)}`
    return this.request('GET', version === null ? `${camera}/layout` : `${camera}/layouts/${version}`)
  }

  /** Announces a video; send the file to `upload` of the answer. */
  newVideo(video: NewVideo): Promise<NewJob> {
    return this.request('POST', '/v1/videos', video)
  }

  job(videoId: string): Promise<Job> {
    return this.request('GET', `/v1/videos/${encodeURIComponent(videoId)}/job`)
  }

  frames(videoId: string, cursor: string | null, limit: number): Promise<Page<Frame>> {
    const query = new URLSearchParams({ limit: String(limit), ...(cursor ? { cursor } : {}) })
    return this.request('GET', `/v1/videos/${encodeURIComponent(videoId)}/frames?${query}`)
  }

  /** The tables cut out of a frame of a video. */
  async crops(frameId: string): Promise<Crop[]> {
    const found: { items: Crop[] } = await this.request('GET', `/v1/frames/${encodeURIComponent(frameId)}/crops`)
    return found.items
  }

  /** Exchanges the name of a picture, as events have it, for a link that expires. */
  link(named: Named): Promise<Link> {
    return this.request('POST', '/v1/links', named)
  }

  tables(siteId: string): Promise<Table[]> {
    return this.all(`/v1/tables?site_id=${encodeURIComponent(siteId)}`)
  }

  /** What tables went through, the newest first: `limit` of them, or all that is kept. */
  async turns(of: TurnsOf): Promise<Turn[]> {
    const { siteId, tableId, cameraId, runId, from, to, limit } = of
    const asked = {
      site_id: siteId,
      table_id: tableId,
      camera_id: cameraId,
      run_id: runId ?? undefined,
      live: runId === null ? 'true' : undefined,
      from,
      to,
      limit: String(limit ?? 1000),
    }
    const given = Object.entries(asked).filter((pair): pair is [string, string] => pair[1] !== undefined)
    const path = `/v1/states/history?${new URLSearchParams(given)}`
    if (limit === undefined) return this.all(path)
    const page: Page<Turn> = await this.request('GET', path)
    return page.items
  }

  /** Does what a job's `next` offers. */
  step(step: Step): Promise<unknown> {
    return this.request(step.method, step.href)
  }

  cancel(videoId: string): Promise<unknown> {
    return this.request('POST', `/v1/videos/${encodeURIComponent(videoId)}/cancel`)
  }

  remove(videoId: string): Promise<unknown> {
    return this.request('DELETE', `/v1/videos/${encodeURIComponent(videoId)}`)
  }

  hazard(hazardId: string): Promise<HazardAlert & { picture_url: string | null }> {
    return this.request('GET', `/v1/hazards/${encodeURIComponent(hazardId)}`)
  }

  act(hazardId: string, action: HazardAction, note: string | null = null): Promise<unknown> {
    return this.request('POST', `/v1/hazards/${encodeURIComponent(hazardId)}/${action}`, { note })
  }

  private async all<Item>(path: string): Promise<Item[]> {
    const items: Item[] = []
    let cursor: string | null = null
    do {
      const more: string = cursor ? `${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(cursor)}` : ''
      const page: Page<Item> = await this.request('GET', path + more)
      items.push(...page.items)
      cursor = page.next_cursor
    } while (cursor)
    return items
  }

  private async request<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const headers = { ...this.headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
    const init: RequestInit = { method, headers, credentials: 'same-origin' }
    if (body !== undefined) init.body = JSON.stringify(body)
    let response: Response
    try {
      response = await this.send(this.base + path, init)
    } catch {
      throw new Problem(0, 'unreachable', 'No answer', 'The server does not answer. Is it running?')
    }
    if (!response.ok) throw await problemOf(response)
    return (response.status === 204 ? undefined : await response.json()) as Answer
  }
}

async function problemOf(response: Response): Promise<Problem> {
  const said: unknown = await response.json().catch(() => null)
  const document = (typeof said === 'object' && said !== null ? said : {}) as Record<string, unknown>
  const text = (name: string, otherwise: string) =>
    typeof document[name] === 'string' ? (document[name] as string) : otherwise
  const title = text('title', `HTTP ${response.status}`)
  return new Problem(response.status, text('code', `http_${response.status}`), title, text('detail', title))
}
