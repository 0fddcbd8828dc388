// What is drawn in a set-up: it stays on the device until it is saved, whichever step is shown.
import { useEffect, useRef, useState } from 'preact/hooks'
import { areAlike, type Drawing } from '../drawing'
import { onDrawnElsewhere, readDrawing, writeDrawing } from '../drawing-draft'

export interface SetUpDrawing {
  drawing: Drawing
  put: (drawing: Drawing) => void
  /** What another tab has drawn since, which is kept until somebody decides; null: nothing. */
  elsewhere: Drawing | null
  decide: (isTheirsWanted: boolean) => void
  /** Another one each time the drawing is not what was drawn here. */
  round: number
}

export function useSetUpDrawing(cameraId: string): SetUpDrawing {
  const [drawing, setDrawing] = useState<Drawing>(() => readDrawing(cameraId)?.drawing ?? [])
  const [elsewhere, setElsewhere] = useState<Drawing | null>(null)
  const [round, setRound] = useState(0)
  const latest = useRef(drawing)
  latest.current = drawing
  useEffect(
    () =>
      onDrawnElsewhere(cameraId, (draft) => {
        setElsewhere(draft?.drawing ?? null)
        if (draft === null) keep(latest.current) // saved or thrown away there: what is drawn here is not
      }),
    [cameraId],
  )
  const keep = (kept: Drawing) => writeDrawing(cameraId, kept.length === 0 ? null : { version: null, drawing: kept })
  const put = (next: Drawing) => {
    if (next === drawing) return
    setDrawing(next)
    if (elsewhere === null) keep(next)
  }
  const decide = (isTheirsWanted: boolean) => {
    setElsewhere(null)
    if (!isTheirsWanted) return keep(drawing)
    setDrawing(elsewhere ?? [])
    setRound(round + 1)
  }
  const isOther = elsewhere !== null && !areAlike(elsewhere, drawing)
  return { drawing, put, elsewhere: isOther ? elsewhere : null, decide, round }
}
