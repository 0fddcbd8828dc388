// What can be selected: the cameras, and the videos, newest first.
import { h, keyed, setText, setAttribute, setVisible, type Row } from '../dom'
import type { Camera, Job } from '../client'
import type { Model, Subject } from '../model'
import { ago, jobName, displayName } from '../format'

interface Entry {
  key: string
  subject: Subject
  title: string
  note: string
  status: string
  progress: number | null
  selected: boolean
}

export function videosPanel(onSelect: (subject: Subject) => void) {
  const list = h('ul', { class: 'entries' })
  const empty = h('p', { class: 'muted empty' }, 'No videos yet. Upload one to see its tables.')
  const fill = keyed<Entry>(list, (entry) => entry.key, (entry) => row(entry, onSelect))
  const element = h(
    'nav',
    { class: 'card videos', 'aria-labelledby': 'videos-title' },
    h('h2', { id: 'videos-title' }, 'Cameras and videos'),
    list,
    empty,
  )

  function update(model: Model): void {
    const videos = [...model.view.videos.values()].sort((one, two) => two.created_at.localeCompare(one.created_at))
    fill([...model.cameras.map((camera) => ofCamera(camera, model)), ...videos.map((job) => ofJob(job, model))])
    setVisible(empty, model.loaded && videos.length === 0)
  }

  return { element, update }
}

function ofCamera(camera: Camera, model: Model): Entry {
  const subject = { camera: camera.camera_id }
  const status = model.view.cameras.get(camera.camera_id)
  return {
    key: camera.camera_id,
    subject,
    title: camera.name,
    note: status ? `${displayName(status.status)}: ${status.reason}` : (camera.capture?.reason ?? 'Camera, no live pictures'),
    status: status?.status ?? 'none',
    progress: null,
    selected: JSON.stringify(model.subject) === JSON.stringify(subject),
  }
}

function ofJob(job: Job, model: Model): Entry {
  const subject = { video: job.video_id }
  return {
    key: job.video_id,
    subject,
    title: jobName(job),
    note: `${displayName(job.status)}, ${ago(job.created_at, model.now)}`,
    status: job.status,
    progress: job.status === 'processing' || job.status === 'queued' ? job.progress : null,
    selected: JSON.stringify(model.subject) === JSON.stringify(subject),
  }
}

function row(first: Entry, onSelect: (subject: Subject) => void): Row<Entry> {
  const title = h('span', { class: 'clip' })
  const note = h('span', { class: 'muted small' })
  const dot = h('span', { class: 'dot', 'aria-hidden': 'true' })
  const bar = h('progress', { max: 100, 'aria-hidden': 'true' })
  const texts = h('span', { class: 'texts' }, title, note, bar)
  const button = h('button', { type: 'button', onclick: () => onSelect(first.subject) }, dot, texts)
  const element = h('li', {}, button)
  return {
    element,
    update(entry) {
      setText(title, entry.title)
      setText(note, entry.note)
      setAttribute(dot, 'data-status', entry.status)
      setAttribute(button, 'aria-current', entry.selected ? 'true' : null)
      setVisible(bar, entry.progress !== null)
      bar.value = entry.progress ?? 0
    },
  }
}
