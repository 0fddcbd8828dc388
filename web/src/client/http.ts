// The REST side of the API. Without a key the browser's cookie signs the requests.
import type {
  ApiKey,
  Camera,
  CameraChange,
  CameraView,
  CreatedKey,
  DayScore,
  Crop,
  DryRun,
  Frame,
  Hazard,
  HazardAction,
  Job,
  Layout,
  LayoutDiff,
  LayoutFormat,
  LayoutHint,
  LayoutProposal,
  LayoutVersion,
  Link,
  PictureReference,
  NewCamera,
  NewJob,
  NewLayout,
  NewSource,
  NewVideo,
  Page,
  Plan,
  PlannedTable,
  Probe,
  SavedLayout,
  Scope,
  Section,
  Session,
  Site,
  NextAction,
  Table,
  Tagged,
  StateTransition,
  StateHistoryQuery,
  SuggestedLayout,
  SystemHealth,
  ViewScore,
  Why,
  Discovery,
  Login,
} from './documents'

/** An error response (RFC 9457). `code` is stable, `detail` says what to do. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string,
    /** JSON pointer to what is meant in the body of the request; null where nothing is. */
    readonly pointer: string | null = null,
    /** Whether the same request can succeed later; null: the answer does not have it. */
    readonly retryable: boolean | null = null,
  ) {
    super(detail || title)
    this.name = 'Problem'
  }
}

const ANSWER_MS = 60_000

export interface ClientOptions {
  /** Address of the API; empty for the origin of the page. */
  base?: string
  /** API key; a browser signs in for a cookie instead. */
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
  session(): Promise<Session> {
    return this.request('GET', '/v1/session')
  }

  signOut(): Promise<unknown> {
    return this.request('DELETE', '/v1/session')
  }

  sites(): Promise<Site[]> {
    return this.all('/v1/sites')
  }

  newSite(site: { name: string; timezone: string }): Promise<Site> {
    return this.request('POST', '/v1/sites', site)
  }

  /** With `tag` it rejects with `version_conflict` if somebody else changed it since. */
  changeSite(siteId: string, change: Partial<Pick<Site, 'name' | 'timezone' | 'opening_hours'>>, tag?: string): Promise<Site> {
    return this.request('PATCH', sitePath(siteId), change, matching(tag))
  }

  /** What is known may be five seconds old. */
  systemHealth(): Promise<SystemHealth> {
    return this.request('GET', '/v1/health')
  }

  site(siteId: string): Promise<Tagged<Site>> {
    return this.tagged(sitePath(siteId))
  }

  plan(siteId: string): Promise<Tagged<Plan>> {
    return this.tagged(`${sitePath(siteId)}/plan`)
  }

  /** Rejects with `version_conflict` if somebody else has arranged it since. */
  async savePlan(siteId: string, places: PlannedTable[], tag: string): Promise<Tagged<Plan>> {
    const response = await this.respond('PUT', `${sitePath(siteId)}/plan`, { places }, matching(tag))
    return tagOf(response)
  }

  sections(siteId: string): Promise<Section[]> {
    return this.all(`/v1/sites/${encodeURIComponent(siteId)}/sections`)
  }

  newSection(siteId: string, name: string): Promise<Section> {
    return this.request('POST', `/v1/sites/${encodeURIComponent(siteId)}/sections`, { name })
  }

  changeSection(section: Section, name: string): Promise<Section> {
    return this.request('PATCH', sectionPath(section), { name })
  }

  /** Rejects with `section_in_use` while a newest layout has tables in it. */
  removeSection(section: Section): Promise<unknown> {
    return this.request('DELETE', sectionPath(section))
  }

  /** Keys without their text; also those that have ended. */
  keys(): Promise<ApiKey[]> {
    return this.all('/v1/keys')
  }

  newKey(key: { name: string; scopes: Scope[]; site_ids: string[] | null }): Promise<CreatedKey> {
    return this.request('POST', '/v1/keys', key)
  }

  /** A key like it; the old one stays valid for `graceS` seconds. */
  rotateKey(keyId: string, graceS: number): Promise<CreatedKey> {
    return this.request('POST', `/v1/keys/${encodeURIComponent(keyId)}/rotate`, { grace_s: graceS })
  }

  revokeKey(keyId: string): Promise<unknown> {
    return this.request('DELETE', `/v1/keys/${encodeURIComponent(keyId)}`)
  }

  cameras(siteId: string): Promise<Camera[]> {
    return this.all(`/v1/cameras?site_id=${encodeURIComponent(siteId)}`)
  }

  camera(cameraId: string): Promise<Tagged<Camera>> {
    return this.tagged(cameraPath(cameraId))
  }

  /** `once`: repeated with the same text it adds no second camera. */
  newCamera(camera: NewCamera, once: string): Promise<Camera> {
    return this.request('POST', '/v1/cameras', camera, { 'idempotency-key': once })
  }

  /** Rejects with `version_conflict` if somebody else changed the camera since it was read. */
  changeCamera(cameraId: string, change: CameraChange, tag: string): Promise<Camera> {
    return this.request('PATCH', cameraPath(cameraId), change, matching(tag))
  }

  removeCamera(cameraId: string, tag: string): Promise<unknown> {
    return this.request('DELETE', cameraPath(cameraId), undefined, matching(tag))
  }

  /** Opens a camera once, without registering it. Its answer is asked for with `probe`. */
  newProbe(siteId: string, source: NewSource): Promise<Probe> {
    return this.request('POST', '/v1/probes', { site_id: siteId, source })
  }

  probe(probeId: string): Promise<Probe> {
    return this.request('GET', `/v1/probes/${encodeURIComponent(probeId)}`)
  }

  /** Looks for cameras on the networks of the server. Its answer is asked for with `discovery`. */
  newDiscovery(siteId: string, login: Login | null): Promise<Discovery> {
    return this.request('POST', '/v1/discoveries', { site_id: siteId, ...login })
  }

  discovery(discoveryId: string): Promise<Discovery> {
    return this.request('GET', `/v1/discoveries/${encodeURIComponent(discoveryId)}`)
  }

  /** The newest judged frame of a camera; null while nothing was judged of it. */
  cameraView(cameraId: string): Promise<CameraView | null> {
    return this.request<CameraView>('GET', `${cameraPath(cameraId)}/view`).catch(nullIfMissing)
  }

  /** How well its view serves its tables, and what to mend; `drawn`: tables that are not saved, in place of those. */
  viewScore(cameraId: string, drawn?: NewLayout): Promise<ViewScore> {
    return this.request(drawn ? 'POST' : 'GET', `${cameraPath(cameraId)}/score`, drawn)
  }

  /** Of the days before, newest first; a day that nobody scored is left out. */
  async dayScores(cameraId: string, limit: number): Promise<DayScore[]> {
    const page: Page<DayScore> = await this.request('GET', `${cameraPath(cameraId)}/scores?limit=${limit}`)
    return page.items
  }

  async layout(cameraId: string, version: number | null = null): Promise<Layout> {
    return (await this.taggedLayout(cameraId, version)).document
  }

  taggedLayout(cameraId: string, version: number | null = null): Promise<Tagged<Layout>> {
    const camera = cameraPath(cameraId)
    return this.tagged(version === null ? `${camera}/layout` : `${camera}/layouts/${version}`)
  }

  /** Draws tables and floor anew. Rejects with `version_conflict` if `tag` is not of the newest layout; null: if there is one. */
  saveLayout(cameraId: string, layout: NewLayout, tag: string | null): Promise<SavedLayout> {
    const condition = tag === null ? { 'if-none-match': '*' } : matching(tag)
    return this.request('PUT', `${cameraPath(cameraId)}/layout`, layout, condition)
  }

  /** Newest first. */
  layoutVersions(cameraId: string): Promise<LayoutVersion[]> {
    return this.all(`${cameraPath(cameraId)}/layouts`)
  }

  layoutDiff(cameraId: string, version: number): Promise<LayoutDiff> {
    return this.request('GET', `${cameraPath(cameraId)}/layouts/${version}/diff`)
  }

  /** Draws an earlier version again. Rejects with `version_conflict` if `tag` is not of the newest layout. */
  restoreLayout(cameraId: string, version: number, tag: string): Promise<Layout> {
    return this.request('POST', `${cameraPath(cameraId)}/layouts/${version}/restore`, undefined, matching(tag))
  }

  /** The newest layout as another program takes it. */
  exportLayout(cameraId: string, format: LayoutFormat): Promise<unknown> {
    return this.request('GET', `${cameraPath(cameraId)}/layout/export?format=${format}`)
  }

  /** Draws what another program wrote; `sourceCamera`: which of several that it has. Conflicts as `saveLayout`. */
  importLayout(cameraId: string, format: LayoutFormat, document: unknown, sourceCamera: string | null, tag: string | null): Promise<Layout> {
    const condition = tag === null ? { 'if-none-match': '*' } : matching(tag)
    const query = sourceCamera === null ? '' : `&source_camera=${encodeURIComponent(sourceCamera)}`
    return this.request('PUT', `${cameraPath(cameraId)}/layout/import?format=${format}${query}`, document, condition)
  }

  /** Doubts of looks that another outline of a table may end, the most frequent first. */
  async layoutHints(cameraId: string): Promise<LayoutHint[]> {
    const found: { hints: LayoutHint[] } = await this.request('GET', `${cameraPath(cameraId)}/layout/hints`)
    return found.hints
  }

  /**
   * What would be said of the tables of a camera for some seconds: of its newest layout, or of `layout`. Poll `dryRun`.
   * `once`: repeated with the same text it begins no second one.
   */
  beginDryRun(cameraId: string, layout: NewLayout | null = null, seconds = 60, once: string | null = null): Promise<DryRun> {
    const body = { seconds, ...(layout === null ? {} : { layout }) }
    return this.request('POST', `${cameraPath(cameraId)}/dry-runs`, body, once === null ? {} : { 'idempotency-key': once })
  }

  /** Reading it has the pictures looked at that came since: call it every few seconds until `status` is `done`. */
  dryRun(run: Pick<DryRun, 'camera_id' | 'dry_run_id'>): Promise<DryRun> {
    return this.request('GET', `${cameraPath(run.camera_id)}/dry-runs/${encodeURIComponent(run.dry_run_id)}`)
  }

  /**
   * Has stored pictures of the last minutes looked at, and tables suggested. `location` is to be asked until `looked` is
   * `frames`. Rejects with `no_pictures` where none is stored.
   */
  async newSuggestions(cameraId: string, minutes: number): Promise<{ suggested: SuggestedLayout; location: string }> {
    const path = `${cameraPath(cameraId)}/layout/suggestions`
    const response = await this.respond('POST', path, { minutes })
    return { suggested: (await response.json()) as SuggestedLayout, location: response.headers.get('location') ?? path }
  }

  suggestions(location: string): Promise<SuggestedLayout> {
    return this.request('GET', location)
  }

  /** What is proposed for a camera that was moved, or why nothing is; null: there is no proposal. */
  layoutProposal(cameraId: string): Promise<LayoutProposal | null> {
    return this.request<LayoutProposal>('GET', `${cameraPath(cameraId)}/layout/proposal`).catch(nullIfMissing)
  }

  /** Makes it the layout of the camera. Rejects with `layout_proposal_not_found` if it is not the one that stands. */
  acceptProposal(cameraId: string, proposalId: string): Promise<Layout> {
    return this.request('POST', `${cameraPath(cameraId)}/layout/proposal/accept`, { proposal_id: proposalId })
  }

  /** It is not proposed again. Rejects as `acceptProposal` does. */
  dismissProposal(cameraId: string, proposalId: string): Promise<unknown> {
    return this.request('POST', `${cameraPath(cameraId)}/layout/proposal/dismiss`, { proposal_id: proposalId })
  }

  /** Creates a video; its file is to be sent to `upload` of the result. `once`: repeated with the same text it creates no second one. */
  newVideo(video: NewVideo, once: string | null = null): Promise<NewJob> {
    return this.request('POST', '/v1/videos', video, once === null ? {} : { 'idempotency-key': once })
  }

  /** Job documents, newest first. */
  videos(query: { siteId: string; status?: string }, cursor: string | null, limit: number): Promise<Page<Job>> {
    const given = { site_id: query.siteId, limit: String(limit), ...(query.status ? { status: query.status } : {}) }
    return this.request('GET', `/v1/videos?${new URLSearchParams({ ...given, ...(cursor ? { cursor } : {}) })}`)
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

  /** Exchanges ids or keys of a picture, as events have them, for a link that expires. */
  link(picture: PictureReference): Promise<Link> {
    return this.request('POST', '/v1/links', picture)
  }

  tables(siteId: string): Promise<Table[]> {
    return this.all(`/v1/tables?site_id=${encodeURIComponent(siteId)}`)
  }

  /** The frames that the live state of a table was concluded from, or that of a run. */
  why(tableId: string, runId: string | null = null): Promise<Why> {
    const run = runId === null ? '' : `?run_id=${encodeURIComponent(runId)}`
    return this.request('GET', `/v1/tables/${encodeURIComponent(tableId)}/why${run}`)
  }

  /** Transitions of tables, newest first: `limit` of them, or all that are stored. */
  async stateHistory(query: StateHistoryQuery): Promise<StateTransition[]> {
    const { siteId, tableId, cameraId, runId, from, to, limit } = query
    const parameters = {
      site_id: siteId,
      table_id: tableId,
      camera_id: cameraId,
      run_id: runId ?? undefined,
      live: runId === null ? 'true' : undefined,
      from,
      to,
      limit: String(limit ?? 1000),
    }
    const given = Object.entries(parameters).filter((pair): pair is [string, string] => pair[1] !== undefined)
    const path = `/v1/states/history?${new URLSearchParams(given)}`
    if (limit === undefined) return this.all(path)
    const page: Page<StateTransition> = await this.request('GET', path)
    return page.items
  }

  /** Sends one of the requests that a job's `next` lists. */
  step(next: NextAction): Promise<unknown> {
    return this.request(next.method, next.href)
  }

  cancel(videoId: string): Promise<unknown> {
    return this.request('POST', `/v1/videos/${encodeURIComponent(videoId)}/cancel`)
  }

  remove(videoId: string): Promise<unknown> {
    return this.request('DELETE', `/v1/videos/${encodeURIComponent(videoId)}`)
  }

  /** Alerts, newest first: the live ones of a site, or those of a run. */
  hazards(query: { siteId: string } | { runId: string }, cursor: string | null, limit: number): Promise<Page<Hazard>> {
    const of: Record<string, string> = 'siteId' in query ? { site_id: query.siteId, live: 'true' } : { run_id: query.runId }
    const given = { ...of, limit: String(limit), ...(cursor ? { cursor } : {}) }
    return this.request('GET', `/v1/hazards?${new URLSearchParams(given)}`)
  }

  hazard(hazardId: string): Promise<Hazard> {
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

  private async tagged<Document>(path: string): Promise<Tagged<Document>> {
    return tagOf(await this.respond('GET', path))
  }

  private async request<Answer>(method: string, path: string, body?: unknown, more: Record<string, string> = {}): Promise<Answer> {
    const response = await this.respond(method, path, body, more)
    return (response.status === 204 ? undefined : await response.json()) as Answer
  }

  /** Rejects with a Problem unless the request was carried out. */
  private async respond(method: string, path: string, body?: unknown, more: Record<string, string> = {}): Promise<Response> {
    const headers = { ...this.headers, ...more, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
    const init: RequestInit = { method, headers, credentials: 'same-origin' }
    if (body !== undefined) init.body = JSON.stringify(body)
    let response: Response
    try {
      response = await inTime(this.send(this.base + path, init))
    } catch {
      throw unreachable(method)
    }
    if (!response.ok) throw await problemOf(response)
    return response
  }
}

/** Whether a change was carried out is not known: the answer to it may be what was lost. */
function unreachable(method: string): Problem {
  const detail = method === 'GET' ? 'The server does not answer. Is it running?' : 'There is no connection, so this was most likely not done. Look, and try again when the connection is back.'
  return new Problem(0, 'unreachable', 'No answer', detail)
}

async function tagOf<Document>(response: Response): Promise<Tagged<Document>> {
  return { document: (await response.json()) as Document, tag: response.headers.get('etag') ?? '*' }
}

/** Over a connection that is half open a request would neither be answered nor fail. */
async function inTime<Answer>(asked: Promise<Answer>): Promise<Answer> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Error('No answer in time')), ANSWER_MS)))
  return Promise.race([asked, late]).finally(() => clearTimeout(timer))
}

function sitePath(siteId: string): string {
  return `/v1/sites/${encodeURIComponent(siteId)}`
}

function cameraPath(cameraId: string): string {
  return `/v1/cameras/${encodeURIComponent(cameraId)}`
}

function matching(tag: string | undefined): Record<string, string> {
  return tag === undefined ? {} : { 'if-match': tag }
}

function nullIfMissing(error: unknown): null {
  if (error instanceof Problem && error.status === 404) return null
  throw error
}

function sectionPath({ site_id, section_id }: Section): string {
  return `/v1/sites/${encodeURIComponent(site_id)}/sections/${encodeURIComponent(section_id)}`
}

/** What an error response says. */
export async function problemOf(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => null)
  const document = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
  const text = (name: string, fallback: string) =>
    typeof document[name] === 'string' ? (document[name] as string) : fallback
  const title = text('title', `HTTP ${response.status}`)
  return new Problem(response.status, text('code', `http_${response.status}`), title, text('detail', title), text('pointer', '') || null, document['retryable'] === undefined ? null : document['retryable'] === true)
}
