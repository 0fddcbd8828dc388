// The videos: all of them, and one with its pictures and its tables.
import { useEffect, useMemo } from 'preact/hooks'
import { useLocation, useRoute } from 'preact-iso'
import type { Job } from '../client'
import { address, useStore, withQuery } from '../context'
import { ago, clockTime, displayName, hazardTitle, jobName } from '../format'
import type { HazardAlert } from '../generated/events'
import { hazardsEnded, hazardsNow, runOrigin, tableLabel, type Model } from '../model'
import { usePages } from '../pages'
import { Changes } from '../parts/changes'
import { FramesCard } from '../parts/frames'
import { HazardActions } from '../parts/hazard-actions'
import { JobCard } from '../parts/job'
import { NotFound } from '../parts/notfound'
import { RunPicture } from '../parts/run-picture'
import { Timelines } from '../parts/timelines'
import { UploadCard } from '../parts/upload'
import { WhyDialog } from '../parts/why'
import { T } from '../texts'
import { Watch } from '../watch'
import { isClosed } from '../words'

const PAGE = 50
/** Where a name is searched for, everything is asked for: the api has no search. */
const SEARCH_PAGE = 200
const STATUSES = ['awaiting_file', 'queued', 'processing', 'done', 'failed', 'cancelled']

export function VideosView() {
  const store = useStore()
  const { query } = useLocation()
  const status = query['status'] ?? ''
  return (
    <>
      <h1>{T.nav.videos}</h1>
      {store.may('upload') && <UploadCard uploads={store.uploads} siteId={store.siteId.value} cameras={store.cameras.value} />}
      <Filters />
      <List key={`${store.siteId.value}/${status}`} status={status} search={query['q'] ?? ''} />
    </>
  )
}

/** They stand in the address. */
function Filters() {
  const { query, route } = useLocation()
  const choose = (name: string, value: string) => route(withQuery(address('videos'), query, name, value), true)
  return (
    <div class="filters" role="search">
      <label>
        {T.videos.search}
        <input type="search" value={query['q'] ?? ''} onInput={(event) => choose('q', event.currentTarget.value)} />
      </label>
      <label>
        {T.videos.status}
        <select value={query['status'] ?? ''} onChange={(event) => choose('status', event.currentTarget.value)}>
          <option value="">{T.videos.anyStatus}</option>
          {STATUSES.map((each) => <option key={each} value={each}>{displayName(each)}</option>)}
        </select>
      </label>
    </div>
  )
}

function List({ status, search }: { status: string; search: string }) {
  const { client, view, deleted, siteId } = useStore()
  const { items, more, failed, load } = usePages(
    (cursor, limit) => client.videos({ siteId: siteId.value, status }, cursor, limit),
    PAGE,
  )
  useEffect(() => {
    if (search && more) load(SEARCH_PAGE)
  }, [search, more, items.length])
  // What the stream has brought is newer than what was asked for.
  const newest = new Map([...items, ...view.value.videos.values()].map((job) => [job.video_id, job]))
  const shown = [...newest.values()]
    .filter((job) => !deleted.value.has(job.video_id) && (!status || job.status === status))
    .filter((job) => jobName(job).toLowerCase().includes(search.toLowerCase()))
    .sort((one, two) => two.created_at.localeCompare(one.created_at))
  return (
    <section class="card" aria-label={T.nav.videos}>
      <ul class="entries">{shown.map((job) => <Entry key={job.video_id} job={job} />)}</ul>
      {shown.length === 0 && more === false && (
        <div class="nothing">
          <h2>{status || search ? T.videos.noneMatch : T.videos.none}</h2>
          {!status && !search && <p>{T.videos.noneText}</p>}
        </div>
      )}
      {(more || failed) && <button type="button" onClick={() => load(PAGE)}>{failed ? T.tryAgain : T.more}</button>}
    </section>
  )
}

function Entry({ job }: { job: Job }) {
  const { now } = useStore()
  const underWay = job.status === 'processing' || job.status === 'queued'
  return (
    <li>
      <a href={address('videos', job.video_id)}>
        <span class="dot" data-status={job.status} aria-hidden="true" />
        <span class="texts">
          <span class="clip">{jobName(job)}</span>
          <span class="muted small">
            {displayName(job.status)}, {ago(job.created_at, now.value)}
            {job.error && `. ${job.error.reason} (${job.error.code})`}
          </span>
          {underWay && <progress max={100} value={job.progress} aria-label={jobName(job)} />}
        </span>
      </a>
    </li>
  )
}

export function VideoView() {
  const id = useRoute().params['id'] ?? ''
  return <Video key={id} id={id} />
}

function Video({ id }: { id: string }) {
  const store = useStore()
  const watch = useMemo(() => new Watch(store, { video: id }), [])
  useEffect(() => watch.start(), [watch])
  const [job, ready] = [watch.job.value, watch.ready.value]
  return (
    <>
      <p><a class="back" href={address('videos')}>{T.videos.all}</a></p>
      {watch.gone.value && <NotFound />}
      {!watch.gone.value && !ready && <p class="muted" role="status">{T.loading}</p>}
      {!watch.gone.value && job && ready && <Run watch={watch} job={job} />}
    </>
  )
}

function Run({ watch, job }: { watch: Watch; job: Job }) {
  const store = useStore()
  const { path, query, route } = useLocation()
  const model = watch.model.value
  const origin = runOrigin(model)
  const label = tableLabel(model)
  const why = query['why']
  const show = (time: string) => void watch.seekTime(time)
  return (
    <>
      <h1 class="visually-hidden">{jobName(job)}</h1>
      <div class="page">
        <div class="middle">
          <JobCard job={job} client={store.client} onError={(error) => store.fail(error)} />
          <RunPicture model={model} onChoose={(index) => watch.choose(index)} onShow={show} />
          <FramesCard model={model} onMore={() => watch.more()} onChoose={(index) => watch.choose(index)} onJump={(ms) => void watch.jump(ms)} jumping={watch.seeking.value} onRenew={(frame) => watch.renewed(frame)} />
        </div>
        <div class="side">
          <Timelines model={model} onSeek={(fraction) => watch.seek(fraction)} />
          <Changes model={model} onShow={show} />
          <RunHazards model={model} onShow={show} />
        </div>
      </div>
      {why && (
        <WhyDialog
          key={why}
          tableId={why}
          run={{ runId: job.run_id, name: label(why), origin }}
          onClose={() => route(withQuery(path, query, 'why', ''), true)}
        />
      )}
    </>
  )
}

function RunHazards({ model, onShow }: { model: Model; onShow: (time: string) => void }) {
  const alerts = hazardsNow(model)
  const ended = hazardsEnded(model)
  return (
    <section class="card" aria-labelledby="hazards-title">
      <h2 id="hazards-title">{T.hazards.ofRun}</h2>
      <ul class="hazards">
        {alerts.map((hazard) => <RunHazard key={hazard.hazard_id} hazard={hazard} model={model} ended={ended} onShow={onShow} />)}
      </ul>
      {alerts.length === 0 && <p class="muted">{ended ? T.hazards.noneInRun : T.hazards.noneSoFar}</p>}
      {ended && alerts.some((hazard) => !isClosed(hazard)) && <p class="muted small">{T.hazards.ended}</p>}
    </section>
  )
}

interface RunHazardProps {
  hazard: HazardAlert
  model: Model
  ended: boolean
  onShow: (time: string) => void
}

function RunHazard({ hazard, model, ended, onShow }: RunHazardProps) {
  const origin = runOrigin(model)
  const since = origin === null ? '' : `, ${T.camera.since(clockTime(Date.parse(hazard.opened_at) - origin))}`
  return (
    <li data-severity={hazard.severity} data-closed={isClosed(hazard) || undefined}>
      <span class="texts">
        <strong>{hazardTitle(hazard, tableLabel(model))}</strong>
        <span class="muted small">{displayName(hazard.status)}{since}{hazard.note && ` “${hazard.note}”`}</span>
      </span>
      <div class="buttons"><button type="button" onClick={() => onShow(hazard.as_of)}>{T.hazards.show}</button></div>
      {!ended && <HazardActions hazard={hazard} />}
    </li>
  )
}
