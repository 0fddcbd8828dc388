// After the last step: the camera goes live, the first states of its tables appear, and what comes next.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Camera } from '../client'
import { address, useStore } from '../context'
import { AfterDrawing } from '../parts/after-drawing'
import { HealthLine } from '../parts/health'
import { NewestPicture } from '../parts/newest-picture'
import { TableCard } from '../parts/table-card'
import { ViewScoreCard } from '../parts/view-score'
import { T } from '../texts'
import { Watch } from '../watch'
import { byLabel, tableNow } from '../words'
import { setUpAddress } from './addresses'
import { forgetIfSaved } from './saved'
import { isUnfinished } from './steps'

const W = T.setUp.live

export function Live({ camera }: { camera: Camera }) {
  const store = useStore()
  const watch = useMemo(() => new Watch(store, { camera: camera.camera_id }), [])
  useEffect(() => watch.start(), [watch])
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    scrollTo(0, 0)
    heading.current?.focus({ preventScroll: true })
  }, [])
  const hasTables = camera.layout_version !== null
  const [areOthers, setOthers] = useState(false)
  useEffect(() => {
    if (hasTables) void forgetIfSaved(store.client, camera).then(setOthers)
  }, [hasTables])
  const tables = store
    .tablesOf(camera.camera_id)
    .map((table) => tableNow(table, store.view.value.states.get(table.table_id) ?? null, store.now.value))
    .sort(byLabel)
  const known = tables.filter(({ record }) => record !== null).length
  const isLive = camera.state === 'live'
  if (!hasTables) return <Unsaved camera={camera} />
  return (
    <>
      <h1 tabIndex={-1} ref={heading}>{isLive ? W.title(camera.name) : W.almost(camera.name)}</h1>
      <HealthLine camera={camera} />
      {areOthers && (
        <div class="callout" role="status">
          <p>{W.others}</p>
          <div class="buttons"><a class="button" href={`${address('cameras', camera.camera_id)}/tables`}>{W.showYours}</a></div>
        </div>
      )}
      <p role="status">{W.known(known, tables.length)}</p>
      <div class="page of-one">
        <div class="middle">
          <AfterDrawing camera={camera} />
          <NewestPicture watch={watch} camera={camera} />
        </div>
        <section aria-labelledby="first-states">
          <h2 id="first-states">{T.camera.tables}</h2>
          <ul class="floor">{tables.map((each) => <TableCard key={each.table.table_id} {...each} />)}</ul>
        </section>
        <div class="middle">
          <section class="callout" aria-labelledby="next">
            <h2 id="next">{W.next}</h2>
            <p>{W.nextText}</p>
            <div class="buttons">
              <a class="button primary" href={address('floor')}>{W.floor}</a>
              <a class="button" href={address('cameras', 'new')}>{W.another}</a>
              <a class="button" href={address('cameras', camera.camera_id)}>{W.camera}</a>
            </div>
          </section>
          <ViewScoreCard camera={camera} />
        </div>
      </div>
    </>
  )
}

/** By an old link, or for the moment until the stream has brought what was saved. */
function Unsaved({ camera }: { camera: Camera }) {
  return (
    <>
      <h1>{W.unsaved(camera.name)}</h1>
      <HealthLine camera={camera} />
      <div class="buttons">
        {isUnfinished(camera) && <a class="button primary" href={setUpAddress(camera.camera_id)}>{T.setUp.goOn}</a>}
        <a class="button" href={address('cameras', camera.camera_id)}>{W.camera}</a>
      </div>
    </>
  )
}
