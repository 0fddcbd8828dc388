// Where the steps are: the first one is the form of a new camera, or of its address; the others belong to a camera.
import type { Camera } from '../client'
import { address } from '../context'
import { isUnfinished, LIVE, type Step } from './steps'

/** Without a step: the one that was reached. */
export function setUpAddress(cameraId: string, step?: Step | typeof LIVE): string {
  const camera = address('cameras', cameraId)
  if (step === 'connect') return `${camera}/change`
  return step === undefined ? `${camera}/set-up` : `${camera}/set-up/${step}`
}

/** From the form that changes a camera back to where it was opened from. */
export function afterChange(camera: Camera): string {
  return isUnfinished(camera) ? setUpAddress(camera.camera_id) : address('cameras', camera.camera_id)
}

/** Whether nobody has gone elsewhere while an answer was waited for. */
export function isShown(address: string): boolean {
  return location.pathname === address
}
