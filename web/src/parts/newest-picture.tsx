// The newest judged picture of a camera, with its tables and who was seen.
import { useState } from 'preact/hooks'
import type { Camera } from '../client'
import { useStore } from '../context'
import { displayName, hazardTitle, tableName } from '../format'
import { useStill } from '../still'
import { T } from '../texts'
import { SEES, type Watch } from '../watch'
import { isOpen, shortTime, tableNow } from '../words'
import { Picture } from './picture'

/** What a table of a layout lacks to be one of the site. */
const NO_TABLE = { site_id: '', camera_id: '', section_id: null, created_at: '', retired_at: null }

export function NewestPicture({ watch, camera }: { watch: Watch; camera: Camera }) {
  const store = useStore()
  const [boxes, setBoxes] = useState(true)
  const [live, layout, now] = [watch.live.value, watch.layout.value, store.now.value]
  const status = store.view.value.cameras.get(camera.camera_id)
  const tables = (layout?.tables ?? []).map((table) => {
    const record = store.view.value.states.get(table.table_id) ?? null
    const state = record === null ? 'unknown' : tableNow({ ...NO_TABLE, ...table }, record, now).state
    return { id: table.table_id, polygon: table.polygon, state, text: `${tableName(table.label)} · ${displayName(state)}`, short: table.label }
  })
  const spots = [...store.view.value.hazards.values()]
    .filter((hazard) => hazard.run_id === null && hazard.camera_id === camera.camera_id && isOpen(hazard) && hazard.box)
    .map((hazard) => ({ id: hazard.hazard_id, box: hazard.box ?? [], text: hazardTitle(hazard, store.tableLabel.value) }))
  const { shown: still, waiting, isJudged } = useStill(camera, live === null)
  const seesAlready = status !== undefined && SEES.has(status.status)
  const lastGood = live === null && seesAlready ? still : null // nothing is judged of a camera without tables
  const url = live?.url ?? lastGood?.url ?? null
  const people = live?.seen.filter((each) => each.label === 'person') ?? []
  return (
    <section class="card picture of-camera" data-waiting={waiting || undefined} aria-label={T.camera.newest(camera.name)}>
      <Picture
        size={live ?? layout?.reference ?? { width: 16, height: 9 }}
        frameId={live?.frame_id ?? lastGood?.id ?? null}
        url={url}
        alt={tables.map((each) => each.text).join(', ') || T.camera.noOutlines}
        tables={url === null ? [] : tables}
        spots={url === null ? [] : spots}
        seen={boxes ? (live?.seen ?? []) : []}
      >
        {status && !SEES.has(status.status) ? status.reason : waiting ? '' : T.camera.noPictures}
      </Picture>
      <div class="caption">
        <p>{live ? `${T.camera.seen(people.length)}, ${shortTime(live.captured_at, now)}` : lastGood && !isJudged && T.camera.lastGood}</p>
        {live && (
          <label class="check">
            <input type="checkbox" checked={boxes} onChange={(event) => setBoxes(event.currentTarget.checked)} />
            {T.camera.boxes}
          </label>
        )}
      </div>
    </section>
  )
}
