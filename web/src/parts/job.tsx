// The job of a video: progress of each stage, the file, what it waits for, the error, and what can be done with it.
import { useState } from 'preact/hooks'
import type { Client, Job, Stage } from '../client'
import { bytes, clockTime, displayName, jobName } from '../format'
import { T } from '../texts'

export function JobCard({ job, client, onError }: { job: Job; client: Client; onError: (error: unknown) => void }) {
  const [busy, setBusy] = useState(false)
  const ask = async (request: () => Promise<unknown>) => {
    setBusy(true)
    await request().catch(onError)
    setBusy(false)
  }
  const remove = () => {
    if (confirm(T.job.confirmDelete(jobName(job)))) void ask(() => client.remove(job.video_id))
  }
  const retry = job.next.find((step) => step.action === 'retry')
  const underWay = ['awaiting_file', 'queued', 'processing'].includes(job.status)
  return (
    <section class="card job" aria-labelledby="job-title">
      <div class="head">
        <h2 class="clip" id="job-title">{jobName(job)}</h2>
        <span class="badge" role="status" data-status={job.status}>{displayName(job.status)}</span>
        <div class="buttons">
          {underWay && <button type="button" disabled={busy} onClick={() => void ask(() => client.cancel(job.video_id))}>{T.job.cancel}</button>}
          {retry && <button type="button" disabled={busy} onClick={() => void ask(() => client.step(retry))}>{T.job.retry}</button>}
          <button type="button" class="danger" disabled={busy} onClick={remove}>{T.job.remove}</button>
        </div>
      </div>
      <p class="muted small">{describe(job)}</p>
      <ol class="stages">{job.stages.map((stage) => <StageLine key={stage.name} stage={stage} job={job} />)}</ol>
      {/* Screen readers do not reliably read a live region that appears with its text. */}
      <div role="status">{job.waiting && <p class="notice">{T.job.waiting(job.waiting.reason, job.waiting.code)}</p>}</div>
      <div role="alert">{job.error && <p class="callout error">{`${job.error.reason} (${job.error.code})`}</p>}</div>
    </section>
  )
}

function StageLine({ stage, job }: { stage: Stage; job: Job }) {
  return (
    <li data-status={stage.status}>
      <div class="row"><span>{displayName(stage.name)}</span><span class="muted small">{statusText(stage, job)}</span></div>
      <progress max={100} value={stage.progress} aria-label={displayName(stage.name)} />
    </li>
  )
}

/** Stages after the one that failed have the status cancelled, although nobody cancelled them. */
function statusText(stage: Stage, job: Job): string {
  if (stage.status === 'processing') return `${Math.floor(stage.progress)} %`
  return stage.status === 'cancelled' && job.status === 'failed' ? T.job.notBegun : displayName(stage.status)
}

function describe(job: Job): string {
  const { video, frames, sampling } = job
  const every = sampling.every_ms === null ? displayName(sampling.mode) : T.job.every(sampling.every_ms / 1000)
  const of = frames.expected === null ? '' : ` of ${frames.expected}`
  const file = video
    ? [
        video.duration_ms === null ? null : clockTime(video.duration_ms),
        `${video.width} × ${video.height}`,
        `${video.codec} in ${video.container}`,
        video.transfer === 'hlg' || video.transfer === 'pq' ? `HDR (${video.transfer.toUpperCase()})` : null,
        video.fps === null ? null : `${Math.round(video.fps * 10) / 10} fps`,
        bytes(video.size_bytes),
      ]
    : []
  return [...file, every, `${frames.published}${of} frames`].filter(Boolean).join(' · ')
}
