// The cameras: all of them, and one with its newest picture.
import { useEffect, useMemo } from 'preact/hooks'
import { useRoute } from 'preact-iso'
import { address, useStore } from '../context'
import { hazardsPanel } from '../panels/hazards'
import { picturePanel } from '../panels/picture'
import { tablesPanel } from '../panels/tables'
import { Mounted } from '../parts/mounted'
import { T } from '../texts'
import { Watch } from '../watch'
import { healthOf, shortTime } from '../words'

export function CamerasView() {
  const { cameras, view, now } = useStore()
  return (
    <>
      <h1>{T.nav.cameras}</h1>
      {cameras.value.length === 0 && (
        <section class="card nothing">
          <h2>{T.cameras.none}</h2>
          <p>{T.cameras.noneText}</p>
        </section>
      )}
      <ul class="cards">
        {cameras.value.map((camera) => {
          const health = healthOf(camera, view.value.cameras.get(camera.camera_id))
          return (
            <li key={camera.camera_id} class="card">
              <h2><a class="cover" href={address('cameras', camera.camera_id)}>{camera.name}</a></h2>
              <p>
                <span class="dot" data-status={health.status} aria-hidden="true" />
                {health.text}
                {health.since !== null && <span class="muted">, {T.camera.since(shortTime(health.since, now.value))}</span>}
              </p>
              {health.reason && <p class="muted small">{health.reason}</p>}
            </li>
          )
        })}
      </ul>
    </>
  )
}

export function CameraView() {
  const id = useRoute().params['id'] ?? ''
  return <Camera key={id} id={id} />
}

function Camera({ id }: { id: string }) {
  const store = useStore()
  const watch = useMemo(() => new Watch(store, { camera: id }), [])
  useEffect(() => watch.start(), [watch])
  const panels = useMemo(() => {
    const fail = (error: unknown) => store.fail(error)
    return {
      picture: picturePanel((index) => watch.choose(index)),
      tables: tablesPanel(store.client, () => undefined),
      hazards: hazardsPanel(store.client, fail, () => undefined),
    }
  }, [watch])
  const model = watch.model.value
  const camera = store.cameras.value.find((each) => each.camera_id === id)
  const health = camera && healthOf(camera, store.view.value.cameras.get(id))
  return (
    <>
      <p><a class="back" href={address('cameras')}>{T.cameras.all}</a></p>
      <h1>{camera?.name ?? T.nav.cameras}</h1>
      {health && (
        <p>
          <span class="dot" data-status={health.status} aria-hidden="true" />
          {health.text}
          {health.since !== null && <span class="muted">, {T.camera.since(shortTime(health.since, store.now.value))}</span>}
          {health.reason && <span class="muted">. {health.reason}</span>}
        </p>
      )}
      <div class="page">
        <div class="middle">
          <Mounted panel={panels.picture} model={model} />
        </div>
        <div class="side">
          <Mounted panel={panels.tables} model={model} />
          <Mounted panel={panels.hazards} model={model} />
        </div>
      </div>
    </>
  )
}
