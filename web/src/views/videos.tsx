// The videos: all of them, and one with its pictures and its tables.
import { useEffect, useMemo } from 'preact/hooks'
import { useRoute } from 'preact-iso'
import type { Job } from '../client'
import { address, useStore } from '../context'
import { ago, displayName, jobName } from '../format'
import { framesPanel } from '../panels/frames'
import { hazardsPanel } from '../panels/hazards'
import { jobPanel } from '../panels/job'
import { picturePanel } from '../panels/picture'
import { tablesPanel } from '../panels/tables'
import { uploadPanel } from '../panels/upload'
import { Mounted, type Panel } from '../parts/mounted'
import type { Store } from '../store'
import { T } from '../texts'
import { Watch } from '../watch'

/** One for each session: an upload goes on while another view is shown. */
const uploads = new WeakMap<Store, Panel>()

function uploadOf(store: Store): Panel {
  const known = uploads.get(store)
  const panel = known ?? uploadPanel(store.client, (job) => store.receive({ type: 'video.job', data: job }))
  uploads.set(store, panel)
  return panel
}

export function VideosView() {
  const store = useStore()
  const watch = useMemo(() => new Watch(store, { video: '' }), [])
  const videos = [...store.view.value.videos.values()].sort((one, two) => two.created_at.localeCompare(one.created_at))
  return (
    <>
      <h1>{T.nav.videos}</h1>
      {store.may('upload') && <Mounted panel={uploadOf(store)} model={watch.model.value} />}
      <ul class="card entries" aria-label={T.nav.videos}>
        {videos.map((job) => <Entry key={job.video_id} job={job} />)}
        {videos.length === 0 && store.loaded.value && <li class="muted">{T.videos.none}. {T.videos.noneText}</li>}
      </ul>
    </>
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
          <span class="muted small">{displayName(job.status)}, {ago(job.created_at, now.value)}</span>
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
  const panels = useMemo(() => {
    const fail = (error: unknown) => store.fail(error)
    return {
      job: jobPanel(store.client, fail),
      picture: picturePanel((index) => watch.choose(index)),
      frames: framesPanel(() => watch.more(), (index) => watch.choose(index)),
      tables: tablesPanel(store.client, (fraction) => watch.seek(fraction)),
      hazards: hazardsPanel(store.client, fail, (time) => watch.seekTime(time)),
    }
  }, [watch])
  const model = watch.model.value
  const back = <p><a class="back" href={address('videos')}>{T.videos.all}</a></p>
  if (watch.gone.value) {
    return (
      <>
        {back}
        <section class="card nothing">
          <h1>{T.notFound.title}</h1>
          <p>{T.notFound.text}</p>
        </section>
      </>
    )
  }
  return (
    <>
      {back}
      <h1 class="visually-hidden">{watch.job.value ? jobName(watch.job.value) : T.nav.videos}</h1>
      <div class="page">
        <div class="middle">
          <Mounted panel={panels.job} model={model} />
          <Mounted panel={panels.picture} model={model} />
          <Mounted panel={panels.frames} model={model} />
        </div>
        <div class="side">
          <Mounted panel={panels.tables} model={model} />
          <Mounted panel={panels.hazards} model={model} />
        </div>
      </div>
    </>
  )
}
