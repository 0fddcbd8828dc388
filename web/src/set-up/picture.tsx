// The second step: the first picture of the camera, or why there is none yet.
import type { Camera } from '../client'
import { useStore } from '../context'
import { HealthLine } from '../parts/health'
import { Picture } from '../parts/picture'
import { useSending } from '../request'
import { useStill } from '../still'
import { T } from '../texts'
import { setUpAddress } from './addresses'
import { StepEnd } from './step-frame'
import type { Hindrance } from './steps'

const W = T.setUp.picture
/** Until the picture is loaded its shape is not known. */
const SHAPE = { width: 16, height: 9 }

export function PictureStep({ camera, hindrance }: { camera: Camera; hindrance: Hindrance | null }) {
  const { shown, onGone } = useStill(camera)
  const isPaused = camera.enabled === false
  const change = setUpAddress(camera.camera_id, 'connect')
  const text = hindrance === null ? '' : isPaused ? T.setUp.hindrances.paused : T.setUp.hindrances[hindrance]
  return (
    <div class="form-page">
      <section class="card picture of-camera" aria-label={T.camera.newest(camera.name)}>
        <Still url={shown?.url ?? null} name={camera.name} onGone={onGone} />
      </section>
      <section class="card" aria-labelledby="look">
        <h2 id="look">{shown ? W.question : W.waiting}</h2>
        <HealthLine camera={camera} />
        <p class="muted">{shown ? W.text : W.waitingText}</p>
        <div class="buttons">
          {isPaused && <SwitchOn camera={camera} />}
          <a class="button" href={change}>{W.change}</a>
        </div>
      </section>
      <StepEnd back={null} hindrance={text} onNext={setUpAddress(camera.camera_id, 'tables')} />
    </div>
  )
}

function Still({ url, name, onGone }: { url: string | null; name: string; onGone: () => void }) {
  if (url === null) return <Picture size={SHAPE} frameId={null} url={null} alt={T.camera.noPicture}>{T.camera.noPicture}</Picture>
  return <img class="whole" src={url} alt={T.camera.newest(name)} onError={onGone} />
}

function SwitchOn({ camera }: { camera: Camera }) {
  const store = useStore()
  const { busy, problem, send } = useSending()
  const id = camera.camera_id
  const switchOn = () =>
    void send(async () => {
      const { tag } = await store.client.camera(id)
      store.replaceCamera(await store.client.changeCamera(id, { enabled: true }, tag))
    })
  return (
    <>
      {problem && <p class="callout error" role="alert">{problem}</p>}
      <button type="button" disabled={busy} onClick={switchOn}>{T.cameraForm.goOn}</button>
    </>
  )
}
