// The tables of a run: each with its state at the frame that is shown, and how it changed over the video.
import { useLocation } from 'preact-iso'
import { withQuery } from '../context'
import { clockTime, displayName, tone } from '../format'
import { newestStateTime, runOrigin, selectedJob, shownFrame, spans, tableLabel, tablesNow, type Model, type TableNow } from '../model'
import { T } from '../texts'
import { sentence } from '../words'

export function Timelines({ model, onSeek }: { model: Model; onSeek: (fraction: number) => void }) {
  const tables = tablesNow(model)
  return (
    <section class="card" aria-labelledby="tables-title">
      <h2 id="tables-title">{T.timelines.title}</h2>
      <ul class="tables">{tables.map((each) => <Line key={each.key} each={each} model={model} onSeek={onSeek} />)}</ul>
      {tables.length === 0 && <p class="muted empty">{model.layout ? T.timelines.none : T.timelines.noLayout}</p>}
    </section>
  )
}

function Line({ each, model, onSeek }: { each: TableNow; model: Model; onSeek: (fraction: number) => void }) {
  const { path, query } = useLocation()
  const origin = runOrigin(model)
  const length = selectedJob(model)?.video?.duration_ms ?? 0
  const frame = shownFrame(model)
  const id = each.table.table_id
  const seek = (event: MouseEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect()
    onSeek((event.clientX - box.left) / box.width)
  }
  return (
    <li>
      <div class="row">
        <a class="name" href={withQuery(path, query, 'why', id)}>{tableLabel(model)(id)}<span class="visually-hidden">: {T.floor.why}</span></a>
        <span class="chip" data-state={tone(each.state)}>{displayName(each.state)}</span>
      </div>
      <span class="muted small">{note(each, origin)}</span>
      {origin !== null && length > 0 && (
        <div class="track" aria-hidden="true" onClick={seek}>
          {spans(model.view.past.get(each.key) ?? [], origin, length, knownUntil(model)).map((span) => (
            <span
              key={span.key}
              class="span"
              data-state={tone(span.state)}
              title={span.title}
              style={{ left: `${span.from * 100}%`, width: `${Math.max(0, span.to - span.from) * 100}%` }}
            />
          ))}
          {frame && <span class="playhead" style={{ left: `${Math.min(1, frame.media_ms / length) * 100}%` }} />}
        </div>
      )}
    </li>
  )
}

function note({ record, state }: TableNow, origin: number | null): string {
  if (!record) return T.timelines.notSeen
  const since = origin === null ? '' : `${T.camera.since(clockTime(Date.parse(record.since) - origin))}. `
  return since + sentence({ record, state })
}

/** Up to when the states of the run are known, ms: of a run under way, the time of its newest state. */
function knownUntil(model: Model): number {
  const job = selectedJob(model)
  const time = job?.status === 'processing' ? newestStateTime(model, job.run_id) : null
  return time === null ? Infinity : Date.parse(time)
}
