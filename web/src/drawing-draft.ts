// What is drawn and not saved yet, as a tab remembers it: it outlives the editor and a reload.
import type { LayoutWarning } from './client'
import { KINDS, type Drawing, type Region } from './drawing'
import { remember, remembered } from './tab'

export interface DrawingDraft {
  /** Of the layout that it was begun with; null: the camera had none. */
  version: number | null
  drawing: Drawing
}

const PREFIX = 'tablewatch-drawing/'

/** Nothing where the tab has none, or something else. */
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

const DRAWN_PREFIX = 'tablewatch-drawn/'

/** Warnings of what was drawn last in this tab, until somebody has seen them; null: nothing was. */
export function readDrawn(cameraId: string): LayoutWarning[] | null {
  return JSON.parse(remembered(DRAWN_PREFIX + cameraId) ?? 'null') as LayoutWarning[] | null
}

export function writeDrawn(cameraId: string, warnings: readonly LayoutWarning[] | null): void {
  remember(DRAWN_PREFIX + cameraId, warnings && JSON.stringify(warnings))
}

function isRegion({ kind, key, label, polygon }: Region): boolean {
  return KINDS.includes(kind) && typeof key === 'string' && typeof label === 'string' && polygon.every((point) => point.length === 2)
}
