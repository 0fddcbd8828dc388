// The last step: number, name and section are confirmed; then names and tables are saved, and the camera is live.
import { useLocation } from 'preact-iso'
import { cadenceOf, changedFields, changeOf, fieldsOf, numberOf, rebased, type CameraFields } from '../camera-form'
import { Problem, type Camera, type Client } from '../client'
import { useStore } from '../context'
import { useDraft } from '../draft'
import { layoutOf, type Drawing } from '../drawing'
import type { DrawingBase } from '../drawing-base'
import { writeDrawing, writeDrawn } from '../drawing-draft'
import { CadenceField, NameField, PlaceFields } from '../parts/camera-fields'
import { useSending } from '../request'
import { T } from '../texts'
import { ChangedMeanwhile } from '../unchanged'
import { setUpAddress } from './addresses'
import { StepEnd } from './step-frame'
import { LIVE } from './steps'

const W = T.setUp.name

interface NameProps {
  camera: Camera
  picture: NonNullable<DrawingBase['picture']>
  drawing: Drawing
}

export function NameStep({ camera, picture, drawing }: NameProps) {
  const store = useStore()
  const { route } = useLocation()
  const id = camera.camera_id
  const drafted = useDraft(`${camera.site_id}/${id}/names`, () => ({ fields: fieldsOf(camera), probeId: null, passwordLost: false, typing: false, before: { document: camera, tag: '' } }))
  const { fields, before } = drafted.draft
  const { busy, problem, send } = useSending()
  const type = (change: Partial<CameraFields>) => drafted.put((latest) => ({ fields: { ...latest.fields, ...change } }))
  const takeIn = (now: Camera) => drafted.put((latest) => ({ fields: rebased(latest.fields, before?.document ?? camera, now), before: { document: now, tag: '' } }))
  const save = () =>
    void send(async () => {
      try {
        const named = await withNames(store.client, fields, before?.document ?? camera)
        takeIn(named)
        const saved = await store.client.saveLayout(id, layoutOf(drawing, { width: picture.width, height: picture.height }), null)
        drafted.forget()
        writeDrawing(id, null)
        writeDrawn(id, saved.warnings.length > 0 ? saved.warnings : null)
        store.replaceCamera({ ...named, layout_version: saved.version })
        route(setUpAddress(id, LIVE), true)
      } catch (error) {
        if (error instanceof ChangedMeanwhile) takeIn(error.now as Camera)
        throw explained(error)
      }
    })
  const hindrance = busy ? W.saving : hindranceOf(fields)
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
  if (changedFields(before, now).length > 0) throw new ChangedMeanwhile(now)
  const change = changeOf(fields, now)
  return change === null || Object.keys(change).length === 0 ? now : client.changeCamera(before.camera_id, change, tag)
}

function explained(error: unknown): unknown {
  if (error instanceof ChangedMeanwhile) return new Error(W.changedMeanwhile)
  return error instanceof Problem && error.code === 'version_conflict' ? new Error(W.drawnMeanwhile) : error
}

export function hindranceOf(fields: CameraFields): string {
  if (fields.name.trim() === '') return W.nameless
  if (!numberOf(fields.number)) return T.cameraForm.numberWrong
  return cadenceOf(fields.seconds) === null ? T.cameraForm.cadenceWrong : ''
}
