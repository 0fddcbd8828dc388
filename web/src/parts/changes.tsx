// How the tables of a run changed, by time; each leads to the frame that shows it.
import { clockTime, displayName, tone } from '../format'
import { changesOf, runOrigin, tableLabel, type Model } from '../model'
import { T } from '../texts'

export function Changes({ model, onShow }: { model: Model; onShow: (time: string) => void }) {
  const changes = changesOf(model)
  const origin = runOrigin(model)
  const label = tableLabel(model)
  if (!model.layout) return null
  return (
    <section class="card" aria-labelledby="changes-title">
      <h2 id="changes-title">{T.timelines.changes}</h2>
      <ol class="changes">
        {changes.map(({ key, tableId, state, since }) => (
          <li key={key}>
            <button type="button" onClick={() => onShow(since)}>
              <span class="mono small">{origin === null ? '' : clockTime(Date.parse(since) - origin)}</span>
              <span class="clip">{label(tableId)}</span>
              <span class="chip" data-state={tone(state)}>{displayName(state)}</span>
            </button>
          </li>
        ))}
      </ol>
      {changes.length === 0 && <p class="muted">{T.timelines.noChanges}</p>}
    </section>
  )
}
