// Whether a set-up was saved though its answer was lost, and what a device forgets of it then.
import type { Camera, Client, Layout } from '../client'
import { writeDraft } from '../draft'
import { areAlike, drawingOf, type Drawing } from '../drawing'
import { forgetSaved, readDrawing } from '../drawing-draft'
import { forgetDryRun } from '../dry-running'

export const namesKey = ({ site_id, camera_id }: Camera) => `${site_id}/${camera_id}/names`

/** The version of the layout of a camera where it is what is drawn here; null where it is another one, or is not known. */
export async function savedVersion(client: Client, cameraId: string, drawing: Drawing): Promise<number | null> {
  const layout = await newestOf(client, cameraId)
  return layout !== null && areAlike(drawingOf(layout), drawing) ? layout.version : null
}

/** Null where it has none, or it is not known. */
async function newestOf(client: Client, cameraId: string): Promise<Layout | null> {
  return (await client.taggedLayout(cameraId).catch(() => null))?.document ?? null
}

export function forgetSetUp(camera: Camera, saved: Drawing): void {
  writeDraft(namesKey(camera), null)
  forgetSaved(camera.camera_id, saved)
  forgetDryRun(camera.camera_id)
}

/**
 * Of a camera that has tables: the stream may say so before the answer comes, or in its place. Resolves with whether
 * others were saved than what was drawn here, which is kept then.
 */
export async function forgetIfSaved(client: Client, camera: Camera): Promise<boolean> {
  const kept = readDrawing(camera.camera_id)
  if (kept === null || kept.version !== null) return false
  const layout = await newestOf(client, camera.camera_id)
  if (layout === null) return false
  const isSaved = areAlike(drawingOf(layout), kept.drawing)
  if (isSaved) forgetSetUp(camera, kept.drawing)
  return !isSaved
}
