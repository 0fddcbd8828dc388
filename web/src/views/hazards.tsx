// The hazards of the live cameras, and what can be done about them.
import { useEffect, useState } from 'preact/hooks'
import type { Hazard } from '../client'
import { useStore } from '../context'
import { displayName, hazardTitle } from '../format'
import type { HazardAlert } from '../generated/events'
import { HazardActions } from '../parts/hazard-actions'
import { T } from '../texts'
import { isClosed, shortTime } from '../words'

const PAGE = 50

export function HazardsView() {
  const { view, siteId } = useStore()
  const live = [...view.value.hazards.values()].filter((hazard) => hazard.run_id === null).sort(newestFirst)
  const open = live.filter((hazard) => !isClosed(hazard))
  return (
    <>
      <h1>{T.nav.hazards}</h1>
      <section aria-labelledby="hazards-open">
        <h2 id="hazards-open">{T.hazards.open}</h2>
        {open.length === 0 && (
          <div class="card nothing">
            <h3>{T.hazards.none}</h3>
            <p>{T.hazards.noneText}</p>
          </div>
        )}
        <ul class="cards">{open.map((hazard) => <Alert key={hazard.hazard_id} hazard={hazard} />)}</ul>
      </section>
      <Past key={siteId.value} known={live} />
    </>
  )
}

const newestFirst = (one: HazardAlert, two: HazardAlert) => two.opened_at.localeCompare(one.opened_at)

function Alert({ hazard }: { hazard: HazardAlert }) {
  const { tableLabel, now } = useStore()
  const title = hazardTitle(hazard, tableLabel.value)
  return (
    <li class="card alert" data-severity={hazard.severity}>
      <h3>{title}</h3>
      <p class="muted">
        {displayName(hazard.status)}, {T.camera.since(shortTime(hazard.opened_at, now.value))}
        {hazard.note && <> “{hazard.note}”</>}
      </p>
      <Picture hazard={hazard} title={title} />
      <HazardActions hazard={hazard} />
    </li>
  )
}

/** The frame that shows it best, with its outline. */
function Picture({ hazard, title }: { hazard: HazardAlert; title: string }) {
  const { client } = useStore()
  const [url, setUrl] = useState<string | null | undefined>(undefined)
  const [shape, setShape] = useState('16 / 9')
  const key = hazard.evidence.frame_key
  useEffect(() => {
    client.hazard(hazard.hazard_id).then((found) => setUrl(found.picture_url), () => setUrl(null))
  }, [hazard.hazard_id, key])
  if (url === null) return <p class="muted small">{T.hazards.noPicture}</p>
  const [left = 0, top = 0, right = 0, bottom = 0] = hazard.box ?? []
  const place = { left: `${left * 100}%`, top: `${top * 100}%`, width: `${(right - left) * 100}%`, height: `${(bottom - top) * 100}%` }
  const measure = ({ naturalWidth, naturalHeight }: HTMLImageElement) => setShape(`${naturalWidth} / ${naturalHeight}`)
  return (
    <div class="shot" style={{ aspectRatio: shape }}>
      {url && <img src={url} alt={T.hazards.picture(title)} onLoad={(event) => measure(event.currentTarget)} onError={() => setUrl(null)} />}
      {url && hazard.box && <span class="outline" style={place} />}
    </div>
  )
}

/** Those that are over, page by page; `known` are those that the stream has brought. */
function Past({ known }: { known: readonly HazardAlert[] }) {
  const store = useStore()
  const [asked, setAsked] = useState<readonly Hazard[]>([])
  const [cursor, setCursor] = useState<string | null>(null)
  const load = (from: string | null) =>
    store.client.hazards({ siteId: store.siteId.value }, from, PAGE).then(
      (page) => {
        setAsked((before) => [...(from === null ? [] : before), ...page.items])
        setCursor(page.next_cursor)
      },
      (error: unknown) => store.fail(error),
    )
  useEffect(() => void load(null), [])
  const newest = new Map<string, HazardAlert>([...asked, ...known].map((hazard) => [hazard.hazard_id, hazard]))
  const past = [...newest.values()].filter(isClosed).sort(newestFirst)
  return (
    <section class="card" aria-labelledby="hazards-past">
      <h2 id="hazards-past">{T.hazards.past}</h2>
      {past.length === 0 && <p class="muted">{T.hazards.nonePast}</p>}
      <ul class="lines">
        {past.map((hazard) => (
          <li key={hazard.hazard_id}>
            <strong>{hazardTitle(hazard, store.tableLabel.value)}</strong>
            <span class="muted small">
              {displayName(hazard.status)}, {T.hazards.seen(shortTime(hazard.opened_at, store.now.value))}
              {hazard.note && ` “${hazard.note}”`}
            </span>
          </li>
        ))}
      </ul>
      {cursor !== null && <button type="button" onClick={() => void load(cursor)}>{T.more}</button>}
    </section>
  )
}
