// Where the pictures of a camera come from: its fields, with a probe of them.
import { sourceOf, tidied, type CameraFields } from '../camera-form'
import { addressLeft, typed, type Drafted } from '../draft'
import { useProbing, type Probing } from '../probing'
import { T } from '../texts'
import { SourceFields } from './camera-fields'

const W = T.cameraForm

interface SourceCardProps {
  fields: CameraFields
  type: (change: Partial<CameraFields>) => void
  leaveAddress: () => void
  tryIt: () => void
  probing: Probing
  passwordHelp: string
  /** Whether trying it is what is mainly done here. */
  main?: boolean
  children?: preact.ComponentChildren
}

export function SourceCard({ fields, type, leaveAddress, tryIt, probing, passwordHelp, main = false, children }: SourceCardProps) {
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (!probing.busy) tryIt()
  }
  return (
    <form class="card" aria-labelledby="source" onSubmit={submit}>
      <h2 id="source" tabIndex={-1}>{W.where}</h2>
      <div class="form-fields">
        <SourceFields fields={fields} onChange={type} onAddress={leaveAddress} passwordHelp={passwordHelp} required />
      </div>
      <div class="buttons">
        <button type="submit" class={main && probing.probe === null ? 'primary' : ''} disabled={probing.busy}>{probing.probe === null ? W.tryIt : W.tryAgain}</button>
        {children}
      </div>
    </form>
  )
}

/** What is typed, with a probe of it: of other fields the probe is not. */
export function useFields({ draft, put }: Drafted) {
  const probing = useProbing(draft.probeId, (probeId) => put({ probeId }))
  const type = (change: Partial<CameraFields>) => put((latest) => typed(latest, change))
  const leaveAddress = () => put(addressLeft)
  const tryIt = () => {
    const { fields } = put((latest) => ({ fields: tidied(latest.fields), passwordLost: false, typing: false }))
    void probing.begin(sourceOf(fields))
  }
  return { fields: draft.fields, probing, type, leaveAddress, tryIt }
}
