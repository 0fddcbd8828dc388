// Whether a set-up was saved though its answer was lost, and what a device forgets of it then.
import type { Camera, Client } from '../client'
import { writeDraft } from '../draft'
import { areAlike, drawingOf, type Drawing } from '../drawing'
import { forgetSaved, readDrawing } from '../drawing-draft'
import { forgetDryRun } from '../dry-running'

export const namesKey = ({ site_id, camera_id }: Camera) => `${site_id}/${camera_id}/names`

/** The version of the layout of a camera where it is what is drawn here; null where it is another one, or is not known. */
export async function savedVersion(client: Client, cameraId: string, drawing: Drawing): Promise<number | null> {
  const layout = await client.taggedLayout(cameraId).catch(() => null)
  return layout !== null && areAlike(drawingOf(layout.document), drawing) ? layout.document.version : null
}

export function forgetSetUp(camera: Camera, saved: Drawing): void {
  writeDraft(namesKey(camera), null)
  forgetSaved(camera.camera_id, saved)
  forgetDryRun(camera.camera_id)
}

/** Of a camera that has tables: the stream may say so before the answer comes, or in its place. */
export async function forgetIfSaved(client: Client, camera: Camera): Promise<void> {
  const kept = readDrawing(camera.camera_id)
  if (kept === null || kept.version !== null) return
  if ((await savedVersion(client, camera.camera_id, kept.drawing)) !== null) forgetSetUp(camera, kept.drawing)
}
