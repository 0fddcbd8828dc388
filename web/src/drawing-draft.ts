// What is drawn and not saved yet, as the device remembers it: it outlives the editor and the tab.
import type { LayoutWarning } from './client'
import { areAlike, KINDS, type Drawing, type Region } from './drawing'
import { onElsewhere, remember, remembered } from './remembered'

export interface DrawingDraft {
  /** Of the layout that it was begun with; null: the camera had none. */
  version: number | null
  drawing: Drawing
}

const PREFIX = 'drawing/'

/** Nothing where the device has none, or something else. */
export function readDrawing(cameraId: string): DrawingDraft | null {
  try {
    const found = JSON.parse(remembered(PREFIX + cameraId) ?? 'null') as DrawingDraft | null
    return found && found.drawing.every(isRegion) ? found : null
  } catch {
    return null
  }
}

export function writeDrawing(cameraId: string, draft: DrawingDraft | null): void {
  remember(PREFIX + cameraId, draft && JSON.stringify(draft))
}

/** What was saved needs not be kept; what another tab has drawn since stays. */
export function forgetSaved(cameraId: string, saved: Drawing): void {
  const found = readDrawing(cameraId)
  if (found === null || areAlike(found.drawing, saved)) writeDrawing(cameraId, null)
}

/** Calls with what another tab draws, or null where it has saved or thrown it away; returns a function that ends it. */
export function onDrawnElsewhere(cameraId: string, call: (draft: DrawingDraft | null) => void): () => void {
  return onElsewhere(PREFIX + cameraId, () => call(readDrawing(cameraId)))
}

const DRAWN_PREFIX = 'drawn/'

/** Warnings of what was drawn last on this device, until somebody has seen them; null: nothing was. */
export function readDrawn(cameraId: string): LayoutWarning[] | null {
  return JSON.parse(remembered(DRAWN_PREFIX + cameraId) ?? 'null') as LayoutWarning[] | null
}

export function writeDrawn(cameraId: string, warnings: readonly LayoutWarning[] | null): void {
  remember(DRAWN_PREFIX + cameraId, warnings && JSON.stringify(warnings))
}

function isRegion({ kind, key, label, polygon }: Region): boolean {
  return KINDS.includes(kind) && typeof key === 'string' && typeof label === 'string' && polygon.every((point) => point.length === 2)
}
