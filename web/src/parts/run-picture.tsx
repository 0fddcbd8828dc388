// The frame of a run that is looked at, with the tables and hazards of its time, and a slider through the run.
import { clockTime, displayName, hazardTitle, timeOfDay } from '../format'
import { changesAround, frameOfTime, hazardsNow, selectedJob, shownFrame, tableLabel, tablesNow, type Change, type Model } from '../model'
import type { HazardAlert } from '../generated/events'
import { T } from '../texts'
import { isClosed } from '../words'
import { Picture } from './picture'

interface RunPictureProps {
  model: Model
  onChoose: (index: number | null) => void
  /** Shows a time of the run. */
  onShow: (time: string) => void
}

export function RunPicture({ model, onChoose, onShow }: RunPictureProps) {
  const frame = shownFrame(model)
  const label = tableLabel(model)
  const count = model.frames.length
  const tables = tablesNow(model).map(({ table, state }) => ({
    id: table.table_id,
    polygon: table.polygon,
    state,
    text: `${label(table.table_id)} · ${displayName(state)}`,
    short: table.label,
  }))
  const spots = hazardsNow(model)
    .filter((hazard) => isVisible(hazard, model))
    .map((hazard) => ({ id: hazard.hazard_id, box: hazard.box ?? [], text: hazardTitle(hazard, label) }))
  const slide = (value: number) => onChoose(value >= count - 1 ? null : value)
  return (
    <section class="card picture" aria-label={T.picture.title}>
      <Picture
        size={frame ?? model.layout?.reference ?? { width: 16, height: 9 }}
        frameId={frame?.frame_id ?? null}
        url={frame?.url ?? null}
        alt={tables.map((each) => each.text).join(', ') || T.camera.noOutlines}
        tables={tables}
        spots={spots}
      >
        {emptyText(model)}
      </Picture>
      {frame && (
        <div class="scrub">
          <span class="mono">{clockTime(frame.media_ms)}  {timeOfDay(frame.captured_at)}</span>
          <input
            type="range"
            min={0}
            max={Math.max(0, count - 1)}
            value={model.frames.indexOf(frame)}
            aria-label={T.frames.one}
            aria-valuetext={clockTime(frame.media_ms)}
            onInput={(event) => slide(Number(event.currentTarget.value))}
          />
          <div class="buttons steps">
            <Steps model={model} onShow={onShow} />
            <button type="button" disabled={model.chosen === null} onClick={() => onChoose(null)}>{T.picture.newest}</button>
          </div>
        </div>
      )}
    </section>
  )
}

/** From one change of a table to the next. */
function Steps({ model, onShow }: { model: Model; onShow: (time: string) => void }) {
  const { before, next } = changesAround(model)
  const step = (change: Change | null, text: string) => (
    <button type="button" disabled={change === null} onClick={() => change && onShow(change.since)}>{text}</button>
  )
  return <>{step(before, T.picture.changeBefore)}{step(next, T.picture.nextChange)}</>
}

function emptyText(model: Model): string {
  const status = selectedJob(model)?.status
  return status === 'failed' || status === 'cancelled' ? T.picture.none : T.picture.notYet
}

/** Whether an alert is open at the time of the frame that is shown. */
function isVisible(hazard: HazardAlert, model: Model): boolean {
  if (!hazard.box) return false
  const frame = frameOfTime(model)
  if (!frame) return !isClosed(hazard) && hazard.status !== 'cleared'
  return hazard.opened_at <= frame.captured_at && (frame.captured_at <= hazard.as_of || hazard.status === 'opened')
}
