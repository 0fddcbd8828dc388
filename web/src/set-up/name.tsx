// The last step: number, name and section are confirmed; then names and tables are saved, and the camera is live.
import { useLocation } from 'preact-iso'
import { cadenceOf, changedFields, changeOf, fieldsOf, numberOf, rebased, type CameraFields } from '../camera-form'
import { Problem, type Camera, type Client, type LayoutWarning, type NewLayout } from '../client'
import { useStore } from '../context'
import { useDraft } from '../draft'
import { layoutOf, type Drawing } from '../drawing'
import type { DrawingBase } from '../drawing-base'
import { writeDrawn } from '../drawing-draft'
import { CadenceField, NameField, PlaceFields } from '../parts/camera-fields'
import { useSending } from '../request'
import { T } from '../texts'
import { ChangedMeanwhile } from '../unchanged'
import { Refused } from '../views/table-editor'
import { isShown, setUpAddress } from './addresses'
import { forgetSetUp, namesKey, savedVersion } from './saved'
import { StepEnd } from './step-frame'
import { LIVE } from './steps'

const W = T.setUp.name
const SHOWN: ReadonlySet<keyof CameraFields> = new Set(['name', 'number', 'section', 'notes', 'seconds'])

interface NameProps {
  camera: Camera
  picture: NonNullable<DrawingBase['picture']>
  drawing: Drawing
  /** Whether another tab has drawn others, and nobody has decided yet. */
  isDrawnElsewhere: boolean
}

export function NameStep({ camera, picture, drawing, isDrawnElsewhere }: NameProps) {
  const store = useStore()
  const { route } = useLocation()
  const id = camera.camera_id
  const drafted = useDraft(namesKey(camera), () => ({ fields: fieldsOf(camera), probeId: null, passwordLost: false, typing: false, before: { document: camera, tag: '' } }))
  const { fields, before } = drafted.draft
  const { busy, problem, send } = useSending()
  const type = (change: Partial<CameraFields>) => drafted.put((latest) => ({ fields: { ...latest.fields, ...change } }))
  const takeIn = (now: Camera) => drafted.put((latest) => ({ fields: rebased(latest.fields, before?.document ?? camera, now), before: { document: now, tag: '' } }))
  const save = () =>
    void send(async () => {
      try {
        const named = await withNames(store.client, fields, before?.document ?? camera)
        takeIn(named)
        const saved = await withTables(store.client, id, layoutOf(drawing, { width: picture.width, height: picture.height }), drawing)
        forgetSetUp(camera, drawing)
        writeDrawn(id, saved.warnings.length > 0 ? saved.warnings : null)
        store.replaceCamera({ ...named, layout_version: saved.version })
        if (isShown(setUpAddress(id, 'name'))) route(setUpAddress(id, LIVE), true)
      } catch (error) {
        if (error instanceof ChangedMeanwhile) takeIn(error.now as Camera)
        throw explained(error)
      }
    })
  const hindrance = busy ? W.saving : isDrawnElsewhere ? W.drawnElsewhere : hindranceOf(fields)
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (hindrance === '') save()
  }
  return (
    <div class="form-page">
      <form class="card" aria-labelledby="naming" onSubmit={submit}>
        <h2 id="naming">{T.cameraForm.nameTitle}</h2>
        <div class="form-fields">
          <NameField fields={fields} onChange={type} />
          <PlaceFields fields={fields} onChange={type} sections={store.sections.value} free={null} />
          <CadenceField fields={fields} onChange={type} />
        </div>
        {store.sections.value.length === 0 && <p class="muted small">{W.noSections}</p>}
        <button type="submit" hidden />
      </form>
      <p>{W.text(drawing.filter(({ kind }) => kind === 'table').length)}</p>
      <div role="alert">{problem && <p class="callout error">{problem}</p>}</div>
      <StepEnd back={setUpAddress(id, 'try')} next={W.save} hindrance={hindrance} onNext={save} />
    </div>
  )
}

/** Rejects with ChangedMeanwhile where somebody else has changed what is typed here. */
async function withNames(client: Client, fields: CameraFields, before: Camera): Promise<Camera> {
  const { document: now, tag } = await client.camera(before.camera_id)
  const [theirs, { type, address, user, password, udp }] = [fieldsOf(now), fieldsOf(now)]
  // What is as it was typed here was saved before, and its answer was lost.
  if (changedFields(before, now).some((field) => SHOWN.has(field) && theirs[field] !== fields[field])) throw new ChangedMeanwhile(now)
  // Where its pictures come from is not typed here, and what the device remembers of it is not all.
  const change = changeOf({ ...fields, type, address, user, password, udp }, now)
  if (change === null || Object.keys(change).length === 0) return now
  try {
    return await client.changeCamera(before.camera_id, change, tag)
  } catch (error) {
    throw isConflict(error) ? new ChangedMeanwhile((await client.camera(before.camera_id)).document) : error
  }
}

/** Rejects with a `version_conflict` where there are others already. */
async function withTables(client: Client, id: string, layout: NewLayout, drawing: Drawing): Promise<{ version: number; warnings: readonly LayoutWarning[] }> {
  try {
    return await client.saveLayout(id, layout, null)
  } catch (error) {
    const version = isConflict(error) ? await savedVersion(client, id, drawing) : null
    if (version !== null) return { version, warnings: [] }
    throw isConflict(error) || (error instanceof Problem && error.status === 401) ? error : new Refused(error, drawing)
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof Problem && error.code === 'version_conflict'
}

function explained(error: unknown): unknown {
  if (error instanceof ChangedMeanwhile) return new Error(W.changedMeanwhile)
  return isConflict(error) ? new Error(W.drawnMeanwhile) : error
}

export function hindranceOf(fields: CameraFields): string {
  if (fields.name.trim() === '') return W.nameless
  if (!numberOf(fields.number)) return T.cameraForm.numberWrong
  return cadenceOf(fields.seconds) === null ? T.cameraForm.cadenceWrong : ''
}
