// The first step, at `/cameras/new`: a camera is looked for, or its address is entered; it is tried, and registered once it works.
import { useLocation } from 'preact-iso'
import { newCamera, nextNumber, NOTHING_TYPED } from '../camera-form'
import { address, useStore } from '../context'
import { lacksPassword, useDraft, type Draft } from '../draft'
import { FindCameras, type ChosenStream } from '../parts/find-cameras'
import { MayNotChange } from '../parts/notfound'
import { ProbeCard } from '../parts/probe'
import { SourceCard, useFields } from '../parts/source-card'
import type { Probing } from '../probing'
import { randomText, useSending } from '../request'
import { T } from '../texts'
import { isShown, setUpAddress } from './addresses'
import { StepEnd, StepFrame } from './step-frame'

const W = T.cameraForm
/** Of a probe: no camera can be registered with such an address. */
const REFUSED = 'address_not_allowed'

export function NewCameraView() {
  const store = useStore()
  if (!store.may('write')) return <MayNotChange title={T.cameras.add} />
  return <Connect key={store.siteId.value} siteId={store.siteId.value} />
}

function Connect({ siteId }: { siteId: string }) {
  const store = useStore()
  const { route } = useLocation()
  const drafted = useDraft(`${siteId}/new`, () => nothing())
  const { fields, probing, type, leaveAddress, tryIt } = useFields(drafted)
  const { busy, problem, send } = useSending()
  const passwordLost = lacksPassword(drafted.draft)
  const hindrance = busy ? W.saving : hindranceOf(probing, passwordLost)
  const register = () => {
    // The number that is proposed rises once the stream brings the camera, maybe before its answer comes or is lost.
    const begun = drafted.draft.registering ?? { name: fields.name.trim() || T.setUp.proposedName(nextNumber(store.cameras.value)), request: randomText() }
    const asked = newCamera(siteId, { ...fields, name: begun.name })
    if (asked === null || busy) return
    drafted.put({ registering: begun })
    void send(async () => {
      const camera = await store.client.newCamera(asked, begun.request)
      drafted.forget()
      store.replaceCamera(camera)
      if (isShown(address('cameras', 'new'))) route(setUpAddress(camera.camera_id, 'picture'), true)
    })
  }
  const choose = (stream: ChosenStream) => {
    type({ ...stream, name: stream.name || fields.name, udp: false })
    document.getElementById('source')?.focus()
  }
  const startOver = () => {
    drafted.put(nothing())
    drafted.forget()
  }
  return (
    <StepFrame step="connect" camera={null} facts={null}>
      <div class="form-page">
        <FindCameras onChoose={choose} />
        <SourceCard fields={fields} type={type} leaveAddress={leaveAddress} tryIt={tryIt} probing={probing} main passwordHelp={passwordLost ? W.passwordLost : W.passwordHelp}>
          {drafted.wasBegun && <button type="button" onClick={startOver}>{W.discard}</button>}
        </SourceCard>
        <ProbeCard probing={probing} />
        <div role="alert">{problem && <p class="callout error">{problem}</p>}</div>
        <StepEnd back={null} next={T.setUp.use} hindrance={hindrance} onNext={register}>
          {mayUseAnyway(probing) && !passwordLost && <button type="button" disabled={busy} onClick={register}>{T.setUp.useAnyway}</button>}
        </StepEnd>
      </div>
    </StepFrame>
  )
}

function nothing(): Draft {
  return { fields: NOTHING_TYPED, probeId: null, passwordLost: false, typing: false, before: null, registering: null }
}

function hindranceOf({ probe, busy }: Probing, passwordLost: boolean): string {
  if (busy) return T.probe.asking
  if (probe === null) return W.untried
  if (probe.status !== 'done') return mayUseAnyway({ probe, busy }) ? W.anyway : T.setUp.cannotRead
  return passwordLost ? W.passwordLost : ''
}

/** It could not be read just now, which may pass: the camera may be switched off. */
function mayUseAnyway({ probe, busy }: Pick<Probing, 'probe' | 'busy'>): boolean {
  return !busy && probe?.status === 'failed' && probe.error?.code !== REFUSED
}
