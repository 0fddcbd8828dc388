// The cameras: all of them with their newest picture, and one with what it sees.
import { useEffect, useMemo, useState } from 'preact/hooks'
import { useLocation, useRoute } from 'preact-iso'
import type { Camera, Client, OpeningHours } from '../client'
import { address, useStore } from '../context'
import { displayName, hazardTitle, tableName } from '../format'
import type { CameraStatus } from '../generated/events'
import { AfterDrawing } from '../parts/after-drawing'
import { HealthLine } from '../parts/health'
import { HoursForm, hoursText } from '../parts/hours'
import { NotFound } from '../parts/notfound'
import { Outlines } from '../parts/outlines'
import { Picture } from '../parts/picture'
import { ProposalCard } from '../parts/proposal'
import { TableCard } from '../parts/table-card'
import { ViewScoreCard } from '../parts/view-score'
import { useSending } from '../request'
import { T } from '../texts'
import { ChangedMeanwhile, ifUnchanged } from '../unchanged'
import { SEES, Watch } from '../watch'
import { byLabel, isOpen, placeOf, shortTime, tableNow } from '../words'

const SNAPSHOT_MS = 10_000

export function CamerasView() {
  const store = useStore()
  const { cameras, listed } = store
  return (
    <>
      <div class="head">
        <h1>{T.nav.cameras}</h1>
        {store.may('write') && <div class="buttons"><a class="button" href={address('cameras', 'new')}>{T.cameras.add}</a></div>}
      </div>
      {cameras.value.length === 0 && listed.value && (
        <section class="card nothing">
          <h2>{T.cameras.none}</h2>
          <p>{store.may('write') ? T.cameras.noneText : T.cameras.noneOther}</p>
        </section>
      )}
      <ul class="cards">
        {[...cameras.value].sort((one, other) => (one.number ?? Infinity) - (other.number ?? Infinity)).map((camera) => (
          <li key={camera.camera_id} class="card camera-card">
            <Snapshot camera={camera} />
            <h2><a class="cover" href={address('cameras', camera.camera_id)}>{camera.name}</a></h2>
            <Place camera={camera} />
            <HealthLine camera={camera} />
          </li>
        ))}
      </ul>
    </>
  )
}

/** What people know it by beside its name. */
function Place({ camera }: { camera: Camera }) {
  const place = placeOf(camera, useStore().sections.value)
  return (
    <>
      {place && <p class="muted small">{place}</p>}
      {camera.notes && <p class="muted small notes">{camera.notes}</p>}
    </>
  )
}

function Snapshot({ camera }: { camera: Camera }) {
  const { shown, onGone } = useStill(camera)
  return (
    <div class="shot">
      {shown ? <img src={shown.url} alt={T.camera.newest(camera.name)} onError={onGone} /> : <p class="none">{T.camera.noPicture}</p>}
      {shown && <Outlines camera={camera} />}
    </div>
  )
}

/** The newest judged picture of a camera that sees; of another, and before there is one, its last good one. Looked for again while it is `wanted`. */
function useStill(camera: Camera, wanted = true): KnownStill {
  const store = useStore()
  const { client, view } = store
  const [shown, setShown] = useState<Still | null>(null)
  const [asked, setAsked] = useState(false)
  const isJudged = store.tablesOf(camera.camera_id).length > 0
  const status = view.value.cameras.get(camera.camera_id)
  useEffect(() => {
    if (!wanted) return
    let left = false
    const load = async () => {
      if (document.hidden) return
      const found = await stillOf(client, camera, status, isJudged).catch(() => null)
      if (left) return
      if (found) setShown((known) => (known?.id === found.id ? known : found))
      setAsked(true)
    }
    void load()
    const timer = setInterval(() => void load(), SNAPSHOT_MS)
    return () => {
      left = true
      clearInterval(timer)
    }
  }, [camera.camera_id, status?.status, status?.snapshot_key, isJudged, wanted])
  const mayCome = (status?.snapshot_key ?? null) !== null || (isJudged && status !== undefined && SEES.has(status.status))
  return { shown, waiting: mayCome && !asked, isJudged, onGone: () => setShown(null) }
}

interface KnownStill {
  shown: Still | null
  /** Whether it may still come: its room is kept. */
  waiting: boolean
  /** Whether its newest pictures are looked at: it has tables. */
  isJudged: boolean
  onGone: () => void
}

interface Still {
  id: string
  url: string
}

async function stillOf(client: Client, camera: Camera, status: CameraStatus | undefined, isJudged: boolean): Promise<Still | null> {
  if (isJudged && status && SEES.has(status.status)) {
    const view = await client.cameraView(camera.camera_id)
    if (view) return { id: view.frame_id, url: view.url }
  }
  const key = status?.snapshot_key
  return key ? { id: key, url: (await client.link({ object_key: key })).url } : null
}

export function CameraView() {
  const id = useRoute().params['id'] ?? ''
  const { cameras, siteId, listed } = useStore()
  if (cameras.value.some((camera) => camera.camera_id === id)) return <One key={`${siteId.value}/${id}`} id={id} />
  return listed.value ? <NotFound /> : <p class="muted" role="status">{T.loading}</p>
}

function One({ id }: { id: string }) {
  const store = useStore()
  const watch = useMemo(() => new Watch(store, { camera: id }), [])
  useEffect(() => watch.start(), [watch])
  const camera = store.cameras.value.find((each) => each.camera_id === id)
  if (!camera) return null
  return (
    <>
      <p><a class="back" href={address('cameras')}>{T.cameras.all}</a></p>
      <div class="head">
        <h1>{camera.name}</h1>
        {store.may('write') && <Acting camera={camera} />}
      </div>
      <Place camera={camera} />
      <HealthLine camera={camera} />
      <div class="page of-one">
        <div class="middle">
          <AfterDrawing camera={camera} />
          <ProposalCard camera={camera} />
          <Newest watch={watch} camera={camera} />
        </div>
        <Tables id={id} />
        <div class="middle">
          <Hours camera={camera} />
          {captured(camera) && <ViewScoreCard camera={camera} />}
        </div>
      </div>
    </>
  )
}

/** Whether anything takes pictures of it that have a score. */
function captured(camera: Camera): boolean {
  return camera.capture?.state === 'captured'
}

/** What can be done about a camera. It is done to the camera as it is shown here, or not at all. */
function Acting({ camera }: { camera: Camera }) {
  const store = useStore()
  const { route } = useLocation()
  const [busy, setBusy] = useState(false)
  const id = camera.camera_id
  const act = async (request: (tag: string) => Promise<void>) => {
    setBusy(true)
    try {
      await ifUnchanged(camera, () => store.client.camera(id), request)
    } catch (error) {
      if (!(error instanceof ChangedMeanwhile)) return store.fail(error)
      if (error.now) store.replaceCamera(error.now as Camera)
      store.fail(new Error(T.cameraForm.changedMeanwhile))
    } finally {
      setBusy(false)
    }
  }
  const enable = (enabled: boolean) => act(async (tag) => store.replaceCamera(await store.client.changeCamera(id, { enabled }, tag)))
  const remove = () => {
    if (!confirm(T.cameraForm.confirmRemove(camera.name))) return
    void act(async (tag) => {
      await store.client.removeCamera(id, tag)
      route(address('cameras'), true)
      store.forgetCamera(id)
    })
  }
  const enabled = camera.enabled !== false
  return (
    <div class="buttons">
      <a class="button" href={`${address('cameras', id)}/change`}>{T.cameraForm.change}</a>
      <button type="button" disabled={busy} onClick={() => void enable(!enabled)}>{enabled ? T.cameraForm.pause : T.cameraForm.goOn}</button>
      <button type="button" class="danger" disabled={busy} onClick={remove}>{T.cameraForm.remove}</button>
    </div>
  )
}

/** The newest judged picture, with what was seen in it. */
function Newest({ watch, camera }: { watch: Watch; camera: Camera }) {
  const store = useStore()
  const [boxes, setBoxes] = useState(true)
  const [live, layout, now] = [watch.live.value, watch.layout.value, store.now.value]
  const status = store.view.value.cameras.get(camera.camera_id)
  const tables = (layout?.tables ?? []).map((table) => {
    const record = store.view.value.states.get(table.table_id) ?? null
    const state = record === null ? 'unknown' : tableNow({ ...NO_TABLE, ...table }, record, now).state
    return { id: table.table_id, polygon: table.polygon, state, text: `${tableName(table.label)} · ${displayName(state)}`, short: table.label }
  })
  const spots = [...store.view.value.hazards.values()]
    .filter((hazard) => hazard.run_id === null && hazard.camera_id === camera.camera_id && isOpen(hazard) && hazard.box)
    .map((hazard) => ({ id: hazard.hazard_id, box: hazard.box ?? [], text: hazardTitle(hazard, store.tableLabel.value) }))
  const { shown: still, waiting, isJudged } = useStill(camera, live === null)
  const seesAlready = status !== undefined && SEES.has(status.status)
  const lastGood = live === null && seesAlready ? still : null // nothing is judged of a camera without tables
  const url = live?.url ?? lastGood?.url ?? null
  const people = live?.seen.filter((each) => each.label === 'person') ?? []
  return (
    <section class="card picture of-camera" data-waiting={waiting || undefined} aria-label={T.camera.newest(camera.name)}>
      <Picture
        size={live ?? layout?.reference ?? { width: 16, height: 9 }}
        frameId={live?.frame_id ?? lastGood?.id ?? null}
        url={url}
        alt={tables.map((each) => each.text).join(', ') || T.camera.noOutlines}
        tables={url === null ? [] : tables}
        spots={url === null ? [] : spots}
        seen={boxes ? (live?.seen ?? []) : []}
      >
        {status && !SEES.has(status.status) ? status.reason : waiting ? '' : T.camera.noPictures}
      </Picture>
      <div class="caption">
        <p>{live ? `${T.camera.seen(people.length)}, ${shortTime(live.captured_at, now)}` : lastGood && !isJudged && T.camera.lastGood}</p>
        {live && (
          <label class="check">
            <input type="checkbox" checked={boxes} onChange={(event) => setBoxes(event.currentTarget.checked)} />
            {T.camera.boxes}
          </label>
        )}
      </div>
    </section>
  )
}

/** What a table of a layout lacks to be one of the site. */
const NO_TABLE = { site_id: '', camera_id: '', section_id: null, created_at: '', retired_at: null }

function Tables({ id }: { id: string }) {
  const store = useStore()
  const tables = store
    .tablesOf(id)
    .map((table) => tableNow(table, store.view.value.states.get(table.table_id) ?? null, store.now.value))
    .sort(byLabel)
  return (
    <section aria-labelledby="camera-tables">
      <div class="head">
        <h2 id="camera-tables">{T.camera.tables}</h2>
        {store.may('write') && <div class="buttons"><a class="button" href={`${address('cameras', id)}/tables`}>{T.editor.open}</a></div>}
      </div>
      {tables.length === 0 && <p class="muted">{T.camera.noTables}</p>}
      <ul class="floor">{tables.map((each) => <TableCard key={each.table.table_id} {...each} />)}</ul>
    </section>
  )
}

/** When pictures are taken of it. */
function Hours({ camera }: { camera: Camera }) {
  const store = useStore()
  const { busy, problem, send } = useSending()
  const id = camera.camera_id
  const site = store.sites.value.find((each) => each.site_id === camera.site_id)
  const ofSite = site?.opening_hours ? hoursText(site.opening_hours) : T.hours.always
  const hours = camera.opening_hours ?? null
  const save = (opening_hours: OpeningHours | null) =>
    void send(async () => {
      try {
        store.replaceCamera(await ifUnchanged(camera, () => store.client.camera(id), (tag) => store.client.changeCamera(id, { opening_hours }, tag)))
      } catch (error) {
        if (!(error instanceof ChangedMeanwhile)) throw error
        if (error.now) store.replaceCamera(error.now as Camera)
        throw new Error(T.cameraForm.changedMeanwhile)
      }
    })
  return (
    <section class="card" aria-labelledby="camera-hours">
      <h2 id="camera-hours">{T.hours.ofCamera}</h2>
      <p>{hours === null ? T.hours.asSite(ofSite) : hoursText(hours)}</p>
      {site && <p class="muted small">{T.hours.byClock(site.timezone)}</p>}
      {store.may('write') && (
        <details>
          <summary>{T.hours.change}</summary>
          <HoursForm hours={hours} noneText={T.hours.asSite(ofSite)} offersAlways busy={busy} problem={problem} onSave={save} />
        </details>
      )}
    </section>
  )
}
