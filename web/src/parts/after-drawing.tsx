// What there is to know after tables were drawn: warnings of the API, and what comes next. It stays until it is closed.
import { useState } from 'preact/hooks'
import type { Camera, LayoutWarning } from '../client'
import { address } from '../context'
import { readDrawn, writeDrawn } from '../drawing-draft'
import { tableName } from '../format'
import { T } from '../texts'

const W = T.drawn

export function AfterDrawing({ camera }: { camera: Camera }) {
  const id = camera.camera_id
  const [warnings, setWarnings] = useState<readonly LayoutWarning[] | null>(() => readDrawn(id))
  if (warnings === null) return null
  const close = (event: MouseEvent) => {
    ;(event.currentTarget as Element).closest('main')?.focus({ preventScroll: true }) // the button goes
    writeDrawn(id, null)
    setWarnings(null)
  }
  return (
    <section class={`callout ${warnings.length > 0 ? 'warning' : ''}`} aria-labelledby="drawn">
      <h2 id="drawn">{W.title}</h2>
      <p>{W.text}</p>
      {warnings.length > 0 && (
        <>
          <p>{W.warnings}</p>
          <ul class="points">{warnings.map(({ table_id, label, sentence }) => <li key={table_id}>{W.warning(tableName(label), sentence)}</li>)}</ul>
        </>
      )}
      <div class="buttons">
        {warnings.length > 0 && <a class="button" href={`${address('cameras', id)}/tables`}>{W.mend}</a>}
        <button type="button" onClick={close}>{W.close}</button>
      </div>
    </section>
  )
}
