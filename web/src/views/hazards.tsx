// The hazards of the live cameras, and what can be done about them.
import { useEffect, useState } from 'preact/hooks'
import type { Hazard } from '../client'
import { address, useStore } from '../context'
import { displayName, hazardTitle } from '../format'
import type { HazardAlert } from '../generated/events'
import { usePages } from '../pages'
import { HazardActions } from '../parts/hazard-actions'
import { T } from '../texts'
import { hazardTimes, isClosed, shortTime } from '../words'

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
      <Where cameraId={hazard.camera_id} />
      <Picture hazard={hazard} title={title} />
      <HazardActions hazard={hazard} />
    </li>
  )
}

function Where({ cameraId }: { cameraId: string | null }) {
  const camera = useStore().cameras.value.find((each) => each.camera_id === cameraId)
  return camera ? <p class="small"><a href={address('cameras', camera.camera_id)}>{T.hazards.seenBy(camera.name)}</a></p> : null
}

/** The frame that shows it best, with the outline that it was answered with. */
function Picture({ hazard, title }: { hazard: HazardAlert; title: string }) {
  const { client } = useStore()
  const [shown, setShown] = useState<Pick<Hazard, 'picture_url' | 'box'> | undefined>(undefined)
  const [shape, setShape] = useState('16 / 9')
  const key = hazard.evidence.frame_key
  useEffect(() => {
    let left = false
    const show = (found: typeof shown) => left || setShown(found)
    client.hazard(hazard.hazard_id).then(show, () => show(NO_PICTURE))
    return () => (left = true)
  }, [hazard.hazard_id, key])
  if (shown?.picture_url === null) return <p class="muted small">{T.hazards.noPicture}</p>
  const measure = ({ naturalWidth, naturalHeight }: HTMLImageElement) => setShape(`${naturalWidth} / ${naturalHeight}`)
  return (
    <div class="shot" style={{ aspectRatio: shape }}>
      {shown && (
        <img
          src={shown.picture_url}
          alt={T.hazards.picture(title)}
          onLoad={(event) => measure(event.currentTarget)}
          onError={() => setShown(NO_PICTURE)}
        />
      )}
      {shown?.box && <span class="outline" style={placeOf(shown.box)} />}
    </div>
  )
}

const NO_PICTURE = { picture_url: null, box: null }

function placeOf([left = 0, top = 0, right = 0, bottom = 0]: readonly number[]) {
  return { left: `${left * 100}%`, top: `${top * 100}%`, width: `${(right - left) * 100}%`, height: `${(bottom - top) * 100}%` }
}

/** Those that are over, page by page; `known` are those that the stream has brought. */
function Past({ known }: { known: readonly HazardAlert[] }) {
  const store = useStore()
  const { items, more, failed, load } = usePages((cursor, limit) => store.client.hazards({ siteId: store.siteId.value }, cursor, limit), PAGE)
  const newest = new Map<string, HazardAlert>([...items, ...known].map((hazard) => [hazard.hazard_id, hazard]))
  const past = [...newest.values()].filter(isClosed).sort(newestFirst)
  return (
    <section class="card" aria-labelledby="hazards-past">
      <h2 id="hazards-past">{T.hazards.past}</h2>
      {past.length === 0 && !failed && <p class="muted">{more === null ? T.loading : T.hazards.nonePast}</p>}
      <ul class="lines">
        {past.map((hazard) => (
          <li key={hazard.hazard_id}>
            <strong>{hazardTitle(hazard, store.tableLabel.value)}</strong>
            <span class="muted small">
              {displayName(hazard.status)}, {T.hazards.seen(shortTime(hazard.opened_at, store.now.value))}
              {hazard.note && ` “${hazard.note}”`}
            </span>
            <span class="small">{hazardTimes(hazard)}</span>
          </li>
        ))}
      </ul>
      {(more || failed) && <button type="button" onClick={() => load(PAGE)}>{failed ? T.tryAgain : T.more}</button>}
    </section>
  )
}
