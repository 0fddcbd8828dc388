// Changing a camera. What is typed outlives the view; another address is tried before.
import { useEffect, useState } from 'preact/hooks'
import { useLocation, useRoute } from 'preact-iso'
import {
  changedFields,
  changeOf,
  fieldsOf,
  hasPassword,
  keepsPassword,
  lostCredentials,
  nextNumber,
  rebased,
  type CameraFields,
} from '../camera-form'
import { Problem, type Camera, type CameraChange, type Tagged } from '../client'
import { address, useStore } from '../context'
import { lacksPassword, useDraft } from '../draft'
import { CadenceField, NameField, PlaceFields } from '../parts/camera-fields'
import { MayNotChange, NotFound } from '../parts/notfound'
import { ProbeCard } from '../parts/probe'
import { SourceCard, useFields } from '../parts/source-card'
import { useSending } from '../request'
import { afterChange } from '../set-up/addresses'
import { T } from '../texts'

const W = T.cameraForm

/** The address `/cameras/{id}/change`. */
export function ChangeCameraView() {
  const id = useRoute().params['id'] ?? ''
  const store = useStore()
  const [read, setRead] = useState<Tagged<Camera> | null>(null)
  const [gone, setGone] = useState(false)
  const [failed, setFailed] = useState(false)
  const [round, setRound] = useState(0)
  useEffect(() => {
    let left = false
    setRead(null)
    setFailed(false)
    store.client.camera(id).then(
      (found) => !left && setRead(found),
      (error: unknown) => {
        if (left) return
        if (error instanceof Problem && error.status === 404) return setGone(true)
        setFailed(true)
        store.fail(error)
      },
    )
    return () => void (left = true)
  }, [id, round])
  if (!store.may('write')) return <MayNotChange title={T.cameraForm.change} />
  if (gone) return <NotFound />
  if (failed) return <div class="buttons"><button type="button" onClick={() => setRound(round + 1)}>{T.tryAgain}</button></div>
  if (read === null) return <p class="muted" role="status">{T.loading}</p>
  return <ChangeCameraForm key={id} read={read} />
}

function ChangeCameraForm({ read }: { read: Tagged<Camera> }) {
  const store = useStore()
  const { route } = useLocation()
  const id = read.document.camera_id
  const drafted = useDraft(`${read.document.site_id}/${id}`, () => ({ fields: fieldsOf(read.document), probeId: null, passwordLost: false, typing: false, before: read }))
  const { draft, put, forget } = drafted
  const { fields, probing, type, leaveAddress, tryIt } = useFields(drafted)
  const { busy, problem, send } = useSending()
  const [theirs, setTheirs] = useState<Tagged<Camera> | null>(null)
  const [newAddress, setNewAddress] = useState<string | null>(null) // that somebody else set, and nobody gave a password for
  const before = draft.before ?? read
  const change = changeOf(fields, before.document)
  const leave = () => {
    forget()
    route(afterChange(read.document), true)
  }
  const save = (change: CameraChange, tag: string) => {
    setNewAddress(null)
    return send(async () => {
      try {
        store.replaceCamera(await store.client.changeCamera(id, change, tag))
        leave()
      } catch (error) {
        if (!(error instanceof Problem && error.code === 'version_conflict')) throw error
        setTheirs(await store.client.camera(id))
      }
    })
  }
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (change !== null && !busy) void save(change, before.tag)
  }
  const keepMine = (now: Tagged<Camera>) => {
    const mine = rebased(fields, before.document, now.document)
    setTheirs(null)
    if (lostCredentials(fields, mine)) {
      put({ fields: mine, before: now, probeId: null, passwordLost: false })
      return setNewAddress(mine.address)
    }
    put({ fields: mine, before: now })
    const again = changeOf(mine, now.document)
    if (again !== null) void save(again, now.tag)
  }
  const takeTheirs = (now: Tagged<Camera>) => {
    put({ fields: fieldsOf(now.document), before: now, probeId: null, passwordLost: false, typing: false })
    setTheirs(null)
  }
  const passwordLost = lacksPassword(draft)
  const nothing = change === null || Object.keys(change).length === 0
  return (
    <>
      <p><a class="back" href={address('cameras', id)}>{read.document.name}</a></p>
      <h1>{W.changeTitle(read.document.name)}</h1>
      <div class="form-page">
        <form class="card" aria-labelledby="naming" onSubmit={submit} id="change">
          <h2 id="naming">{W.nameTitle}</h2>
          <div class="form-fields">
            <NameField fields={fields} onChange={type} />
            <CadenceField fields={fields} onChange={type} />
            <PlaceFields fields={fields} onChange={type} sections={store.sections.value} free={fieldsOf(before.document).number === '' ? nextNumber(store.cameras.value) : null} />
          </div>
          {drafted.wasBegun && <p class="muted small">{W.goneOn}</p>}
        </form>
        <SourceCard fields={fields} type={type} leaveAddress={leaveAddress} tryIt={tryIt} probing={probing} passwordHelp={passwordLost ? W.passwordLost : passwordHelp(fields, before.document)} />
        <ProbeCard probing={probing} />
        <section class="card" aria-label={W.keep}>
          <div role="alert">
            {problem && <p class="callout error">{problem}</p>}
            {passwordLost && <p class="error small">{W.passwordLost}</p>}
            {newAddress !== null && <p class="callout">{W.otherAddress(newAddress)}</p>}
            {theirs && <Conflict before={before.document} theirs={theirs} onMine={keepMine} onTheirs={takeTheirs} />}
          </div>
          <div class="buttons">
            <button type="submit" form="change" class="primary" disabled={busy || nothing || passwordLost || fields.name.trim() === ''}>{W.keep}</button>
            <button type="button" onClick={leave}>{W.back}</button>
          </div>
        </section>
      </div>
    </>
  )
}

function passwordHelp(fields: CameraFields, camera: Camera): string {
  if (!hasPassword(camera) || fields.user || fields.password) return W.passwordHelp
  return keepsPassword(fields, camera) ? W.passwordKept : W.passwordAgain
}

interface ConflictProps {
  before: Camera
  theirs: Tagged<Camera>
  onMine: (now: Tagged<Camera>) => void
  onTheirs: (now: Tagged<Camera>) => void
}

function Conflict({ before, theirs, onMine, onTheirs }: ConflictProps) {
  const changed = changedFields(before, theirs.document).map((name) => W.fields[name])
  return (
    <div class="callout">
      <p>{W.conflict(changed.join(', '))}</p>
      <div class="buttons">
        <button type="button" onClick={() => onMine(theirs)}>{W.keepMine}</button>
        <button type="button" onClick={() => onTheirs(theirs)}>{W.takeTheirs}</button>
      </div>
    </div>
  )
}
