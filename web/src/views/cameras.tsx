// The cameras: all of them with their newest picture, and one with what it sees.
import { useEffect, useMemo, useState } from 'preact/hooks'
import { useLocation, useRoute } from 'preact-iso'
import type { Camera, OpeningHours } from '../client'
import { address, useStore } from '../context'
import { writeDraft } from '../draft'
import { writeDrawing, writeDrawn } from '../drawing-draft'
import { forgetDryRun } from '../dry-running'
import { AfterDrawing } from '../parts/after-drawing'
import { HealthLine } from '../parts/health'
import { HoursForm, hoursText } from '../parts/hours'
import { NewestPicture } from '../parts/newest-picture'
import { NoCamera } from '../parts/notfound'
import { Outlines } from '../parts/outlines'
import { ProposalCard } from '../parts/proposal'
import { TableCard } from '../parts/table-card'
import { ViewScoreCard } from '../parts/view-score'
import { useSending } from '../request'
import { setUpAddress } from '../set-up/addresses'
import { namesKey } from '../set-up/saved'
import { isUnfinished } from '../set-up/steps'
import { useStill } from '../still'
import { T } from '../texts'
import { ChangedMeanwhile, ifUnchanged } from '../unchanged'
import { Watch } from '../watch'
import { byLabel, placeOf, tableNow } from '../words'

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
            {store.may('write') && isUnfinished(camera) && <ContinueSetUp camera={camera} />}
          </li>
        ))}
      </ul>
    </>
  )
}

/** Where it was left. */
function ContinueSetUp({ camera }: { camera: Camera }) {
  return (
    <p>
      <a class="button above" href={setUpAddress(camera.camera_id)}>{T.setUp.goOn}<span class="visually-hidden">: {camera.name}</span></a>
    </p>
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

export function CameraView() {
  const id = useRoute().params['id'] ?? ''
  const { cameras, siteId } = useStore()
  if (cameras.value.some((camera) => camera.camera_id === id)) return <One key={`${siteId.value}/${id}`} id={id} />
  return <NoCamera id={id} />
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
      {store.may('write') && isUnfinished(camera) && (
        <section class="callout" aria-label={T.setUp.goOn}>
          <p>{T.setUp.unfinished}</p>
          <ContinueSetUp camera={camera} />
        </section>
      )}
      <div class="page of-one">
        <div class="middle">
          <AfterDrawing camera={camera} />
          <ProposalCard camera={camera} />
          <NewestPicture watch={watch} camera={camera} />
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
      forget(camera)
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

/** All that the device remembers of a camera that is removed. */
function forget(camera: Camera): void {
  const id = camera.camera_id
  writeDrawing(id, null)
  writeDrawn(id, null)
  forgetDryRun(id)
  writeDraft(`${camera.site_id}/${id}`, null)
  writeDraft(namesKey(camera), null)
}

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
