// The set-up of a camera that is registered, at `/cameras/{id}/set-up/{step}`. Without a step it goes on where it was left.
import { useEffect, useState } from 'preact/hooks'
import { useLocation, useRoute } from 'preact-iso'
import type { Camera } from '../client'
import { useStore } from '../context'
import { useDrawingBase, type LoadedBase } from '../drawing-base'
import { Kept } from '../parts/kept'
import { MayNotChange, NotFound } from '../parts/notfound'
import { T } from '../texts'
import { setUpAddress } from './addresses'
import { useSetUpDrawing, type SetUpDrawing } from './drawing'
import { Live } from './live'
import { NameStep } from './name'
import { PictureStep } from './picture'
import { StepEnd, StepFrame } from './step-frame'
import { comeBackTo, hasPicture, hindranceOf, isBefore, isStep, isUnfinished, LIVE, reached, type Facts, type Step } from './steps'
import { TablesStep } from './tables'
import { TryStep } from './try'
import { ViewStep } from './view'

export function SetUpView() {
  const { id = '', step = '' } = useRoute().params
  const { cameras, listed, loaded, may } = useStoreOf()
  const camera = cameras.find((each) => each.camera_id === id)
  if (!may) return <MayNotChange title={T.cameras.add} />
  if (!camera) return listed ? <NotFound /> : <Loading />
  if (!isUnfinished(camera) || step === LIVE) return <Live key={id} camera={camera} />
  return loaded ? <SetUp key={id} camera={camera} wanted={step} /> : <Loading />
}

function useStoreOf() {
  const store = useStore()
  return { cameras: store.cameras.value, listed: store.listed.value, loaded: store.loaded.value, may: store.may('write') }
}

function Loading() {
  return <p class="muted" role="status">{T.loading}</p>
}

/** `wanted`: the step of the address, which may be none, or one that is not reached yet. */
function SetUp({ camera, wanted }: { camera: Camera; wanted: string }) {
  const { route } = useLocation()
  const { view } = useStore()
  const drawn = useSetUpDrawing(camera.camera_id)
  const [isSketching, setSketching] = useState(false)
  const facts: Facts = { hasPicture: hasPicture(view.value.cameras.get(camera.camera_id)) || drawn.drawing.length > 0, drawing: drawn.drawing, isSketching }
  const step = isStep(wanted) && wanted !== 'connect' && !isBefore(reached(facts), wanted) ? wanted : null
  useEffect(() => {
    if (step === null) route(setUpAddress(camera.camera_id, comeBackTo(facts)), true)
  }, [step])
  const base = useDrawingBase(camera.camera_id, step !== null && step !== 'picture')
  if (step === null) return <Loading />
  return (
    <StepFrame step={step} camera={camera} facts={facts}>
      {drawn.elsewhere && <Kept text={T.editor.keptElsewhere} onAnswer={drawn.decide} />}
      {step === 'picture' ? (
        <PictureStep camera={camera} hindrance={hindranceOf('picture', facts)} />
      ) : (
        <OnPicture step={step} camera={camera} facts={facts} base={base} drawn={drawn} onSketching={setSketching} />
      )}
    </StepFrame>
  )
}

interface OnPictureProps {
  step: Exclude<Step, 'connect' | 'picture'>
  camera: Camera
  facts: Facts
  base: LoadedBase
  drawn: SetUpDrawing
  onSketching: (isSketching: boolean) => void
}

/** The steps that show what is drawn on the picture. */
function OnPicture({ step, camera, facts, base: { base, failed, again }, drawn, onSketching }: OnPictureProps) {
  const { drawing } = drawn
  if (failed) return <div class="buttons"><button type="button" onClick={again}>{T.tryAgain}</button></div>
  if (base === null) return <Loading />
  const { picture } = base
  if (picture === null) {
    return (
      <StepEnd back={setUpAddress(camera.camera_id, 'picture')} hindrance={T.setUp.hindrances.picture} onNext="">
        <button type="button" onClick={again}>{T.tryAgain}</button>
      </StepEnd>
    )
  }
  if (step === 'view') return <ViewStep camera={camera} picture={picture} drawing={drawing} />
  if (step === 'try') return <TryStep camera={camera} picture={picture} drawing={drawing} />
  if (step === 'name') return <NameStep camera={camera} picture={picture} drawing={drawing} isDrawnElsewhere={drawn.elsewhere !== null} />
  return <TablesStep camera={camera} base={base} drawn={drawn} hindrance={hindranceOf('tables', facts)} onSketching={onSketching} onTheirs={again} />
}
