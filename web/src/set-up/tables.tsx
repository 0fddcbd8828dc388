// The third step: tables are suggested or drawn. What is drawn is kept on the device, and nobody hears of it before the end.
import { useEffect } from 'preact/hooks'
import type { Camera } from '../client'
import { faultOf } from '../drawing'
import type { DrawingBase } from '../drawing-base'
import { T } from '../texts'
import { faultText, TableEditor } from '../views/table-editor'
import { setUpAddress } from './addresses'
import type { SetUpDrawing } from './drawing'
import { StepEnd } from './step-frame'
import type { Hindrance } from './steps'

interface TablesProps {
  camera: Camera
  base: DrawingBase
  drawn: SetUpDrawing
  hindrance: Hindrance | null
  onSketching: (isSketching: boolean) => void
  onTheirs: () => void
}

export function TablesStep({ camera, base, drawn, hindrance, onSketching, onTheirs }: TablesProps) {
  const id = camera.camera_id
  useEffect(() => () => onSketching(false), []) // an outline that was begun is gone with the editor
  const fault = faultOf(drawn.drawing)
  const text = hindrance === null ? '' : hindrance === 'fault' && fault ? faultText(fault, drawn.drawing) : T.setUp.hindrances[hindrance]
  const follow = (drawing: SetUpDrawing['drawing'], isSketching: boolean) => {
    drawn.put(drawing)
    onSketching(isSketching)
  }
  return (
    <>
      <TableEditor key={drawn.round} camera={camera} base={base} onTheirs={onTheirs} guided={{ first: drawn.drawing, onDrawing: follow }} />
      <StepEnd back={setUpAddress(id, 'picture')} hindrance={text} onNext={setUpAddress(id, 'view')} />
    </>
  )
}
