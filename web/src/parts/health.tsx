// How well a camera sees, in a line.
import type { Camera } from '../client'
import { useStore } from '../context'
import { T } from '../texts'
import { healthOf, shortTime } from '../words'

export function HealthLine({ camera }: { camera: Camera }) {
  const { view, now } = useStore()
  const { status, text, reason, since } = healthOf(camera, view.value.cameras.get(camera.camera_id))
  return (
    <p class="health">
      <span class="dot" data-status={status} aria-hidden="true" />
      <span>
        {text}
        {since !== null && <span class="muted">, {T.camera.since(shortTime(since, now.value))}</span>}
        {reason && <span class="muted">. {reason}</span>}
      </span>
    </p>
  )
}
