// The job of the selected video: progress of each stage, the file, what it waits for, the error.
import { Client, type Job, type Stage } from '../client'
import { h, keyed, setText, setAttribute, setVisible, type Row } from '../dom'
import { selectedJob, type Model } from '../model'
import { bytes, clockTime, jobName, displayName } from '../format'

export function jobPanel(client: Client, onError: (error: unknown) => void) {
  let current: Job | null = null
  const title = h('h2', { class: 'clip', id: 'job-title' })
  const badge = h('span', { class: 'badge', role: 'status' })
  const facts = h('p', { class: 'muted small' })
  const stages = h('ol', { class: 'stages' })
  const fill = keyed<StageLine>(stages, (stage) => stage.name, stageRow)
  const reason = h('p', { class: 'notice' })
  // Only the text in it is hidden: screen readers do not reliably read a live region that appears with its text.
  const waiting = h('div', { role: 'status' }, reason)
  const error = h('p', { class: 'callout error', role: 'alert' })
  const cancel = h('button', { type: 'button', onclick: () => void cancelJob() }, 'Cancel')
  const remove = h('button', { type: 'button', class: 'danger', onclick: () => void removeVideo() }, 'Delete')
  const element = h(
    'section',
    { class: 'card job', 'aria-labelledby': 'job-title' },
    h('div', { class: 'head' }, title, badge, h('div', { class: 'buttons' }, cancel, remove)),
    facts,
    stages,
    waiting,
    error,
  )

  async function cancelJob(): Promise<void> {
    if (current) await client.cancel(current.video_id).catch(onError)
  }

  async function removeVideo(): Promise<void> {
    const job = current
    if (job && confirm(`Delete ${jobName(job)} and everything that was made of it?`)) {
      await client.remove(job.video_id).catch(onError)
    }
  }

  function update(model: Model): void {
    current = selectedJob(model)
    setVisible(element, current !== null)
    if (!current) return
    const job = current
    setText(title, jobName(job))
    setText(badge, displayName(job.status))
    setAttribute(badge, 'data-status', job.status)
    setText(facts, describe(job))
    fill(job.stages.map((stage) => ({ ...stage, statusText: statusText(stage, job) })))
    setVisible(cancel, ['awaiting_file', 'queued', 'processing'].includes(job.status))
    setVisible(reason, Boolean(job.waiting))
    setText(reason, job.waiting ? `Waiting: ${job.waiting.reason} (${job.waiting.code})` : '')
    setVisible(error, job.error !== null)
    setText(error, job.error ? `${job.error.reason} (${job.error.code})` : '')
  }

  return { element, update }
}

type StageLine = Stage & { statusText: string }

/** Stages after the one that failed have the status cancelled, although nobody cancelled them. */
function statusText(stage: Stage, job: Job): string {
  if (stage.status === 'processing') return `${Math.floor(stage.progress)} %`
  return stage.status === 'cancelled' && job.status === 'failed' ? 'Not begun' : displayName(stage.status)
}

function stageRow(): Row<StageLine> {
  const name = h('span')
  const value = h('span', { class: 'muted small' })
  const bar = h('progress', { max: 100 })
  const element = h('li', {}, h('div', { class: 'row' }, name, value), bar)
  return {
    element,
    update(stage) {
      setText(name, displayName(stage.name))
      setAttribute(element, 'data-status', stage.status)
      setAttribute(bar, 'aria-label', displayName(stage.name))
      bar.value = stage.progress
      setText(value, stage.statusText)
    },
  }
}

function describe(job: Job): string {
  const { video, frames, sampling } = job
  const every = sampling.every_ms === null ? displayName(sampling.mode) : `one frame every ${sampling.every_ms / 1000} s`
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
