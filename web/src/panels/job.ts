// The job of the selected video: how far each stage is, what the file is, why it failed.
import { Client, type Job, type Stage } from '../client'
import { h, keyed, say, set, show, type Row } from '../dom'
import { selectedJob, type Model } from '../model'
import { bytes, clockTime, jobName, word } from '../words'

export function jobPanel(client: Client, onError: (error: unknown) => void) {
  let current: Job | null = null
  const title = h('h2', { class: 'clip', id: 'job-title' })
  const badge = h('span', { class: 'badge', role: 'status' })
  const facts = h('p', { class: 'muted small' })
  const stages = h('ol', { class: 'stages' })
  const fill = keyed<StageLine>(stages, (stage) => stage.name, stageRow)
  const error = h('p', { class: 'callout error', role: 'alert' })
  const cancel = h('button', { type: 'button', onclick: () => void cancelIt() }, 'Cancel')
  const remove = h('button', { type: 'button', class: 'danger', onclick: () => void removeIt() }, 'Delete')
  const element = h(
    'section',
    { class: 'card job', 'aria-labelledby': 'job-title' },
    h('div', { class: 'head' }, title, badge, h('div', { class: 'buttons' }, cancel, remove)),
    facts,
    stages,
    error,
  )

  async function cancelIt(): Promise<void> {
    if (current) await client.cancel(current.video_id).catch(onError)
  }

  async function removeIt(): Promise<void> {
    const job = current
    if (job && confirm(`Delete ${jobName(job)} and everything that was made of it?`)) {
      await client.remove(job.video_id).catch(onError)
    }
  }

  function update(model: Model): void {
    current = selectedJob(model)
    show(element, current !== null)
    if (!current) return
    const job = current
    say(title, jobName(job))
    say(badge, word(job.status))
    set(badge, 'data-status', job.status)
    say(facts, describe(job))
    fill(job.stages.map((stage) => ({ ...stage, said: said(stage, job) })))
    show(cancel, job.status === 'queued' || job.status === 'processing')
    show(error, job.error !== null)
    say(error, job.error ? `${job.error.reason} (${job.error.code})` : '')
  }

  return { element, update }
}

type StageLine = Stage & { said: string }

/** The stages behind the one that failed were not cancelled by anybody. */
function said(stage: Stage, job: Job): string {
  if (stage.status === 'processing') return `${Math.floor(stage.progress)} %`
  return stage.status === 'cancelled' && job.status === 'failed' ? 'Not begun' : word(stage.status)
}

function stageRow(): Row<StageLine> {
  const name = h('span')
  const value = h('span', { class: 'muted small' })
  const bar = h('progress', { max: 100 })
  const element = h('li', {}, h('div', { class: 'row' }, name, value), bar)
  return {
    element,
    update(stage) {
      say(name, word(stage.name))
      set(element, 'data-status', stage.status)
      set(bar, 'aria-label', word(stage.name))
      bar.value = stage.progress
      say(value, stage.said)
    },
  }
}

function describe(job: Job): string {
  const { video, frames, sampling } = job
  const every = sampling.every_ms === null ? word(sampling.mode) : `one frame every ${sampling.every_ms / 1000} s`
  const of = frames.expected === null ? '' : ` of ${frames.expected}`
  const file = video
    ? [
        video.duration_ms === null ? null : clockTime(video.duration_ms),
        `${video.width} × ${video.height}`,
        `${video.codec} in ${video.container}`,
        video.fps === null ? null : `${Math.round(video.fps * 10) / 10} fps`,
        bytes(video.size_bytes),
      ]
    : []
  return [...file, every, `${frames.published}${of} frames`].filter(Boolean).join(' · ')
}
