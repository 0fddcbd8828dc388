// Choosing a file and options, and uploading it.
import { Client, Problem, startUpload, type Job, type NewVideo, type Upload } from '../client'
import { h, setText, setAttribute, setVisible } from '../dom'
import { bytes } from '../format'
import type { Model } from '../model'

const SAMPLINGS: Record<string, NewVideo['sampling']> = {
  'Every second': { mode: 'cadence', every_ms: 1000 },
  'Every 2 seconds': { mode: 'cadence', every_ms: 2000 },
  'Every 5 seconds': { mode: 'cadence', every_ms: 5000 },
  'Every 10 seconds': { mode: 'cadence', every_ms: 10_000 },
  'Every keyframe': { mode: 'keyframes' },
  'Every frame': { mode: 'all' },
}

const PICTURES: Record<string, NewVideo['picture']> = {
  JPEG: undefined,
  'JPEG, 1280 pixels': { format: 'jpeg', long_side: 1280 },
  'PNG, without loss': { format: 'png' },
}

export function uploadPanel(client: Client, onCreated: (job: Job) => void) {
  let upload: Upload | null = null
  let paused = false
  let started = 0
  let startBytes: number | null = null

  const camera = h('select', { id: 'camera' })
  const sampling = h('select', { id: 'sampling' }, ...Object.keys(SAMPLINGS).map((name) => h('option', {}, name)))
  const picture = h('select', { id: 'picture' }, ...Object.keys(PICTURES).map((name) => h('option', {}, name)))
  const input = h('input', {
    id: 'file',
    type: 'file',
    accept: 'video/*,.mkv,.ts,.avi,.mp4,.mov,.webm,.mpg,.mpeg,.vob',
    class: 'visually-hidden',
    onchange: () => choose(input.files?.[0]),
  })
  const drop = h(
    'label',
    { class: 'drop', for: 'file' },
    h('strong', {}, 'Choose a video'),
    h('span', { class: 'muted small' }, 'or drop it here: mp4, mov, mkv, webm, avi, ts, mpg'),
  )
  const bar = h('progress', { max: 100, value: 0, 'aria-label': 'Upload' })
  const name = h('strong', { class: 'clip' })
  const detail = h('span', { class: 'muted small', role: 'status' })
  const pause = h('button', { type: 'button', onclick: () => toggle() }, 'Pause')
  const stop = h('button', { type: 'button', onclick: () => void abort() }, 'Cancel')
  const sending = h('div', { class: 'sending' }, name, bar, detail, h('div', { class: 'buttons' }, pause, stop))
  const error = h('p', { class: 'error', role: 'alert' })
  const element = h(
    'section',
    { class: 'card upload', 'aria-labelledby': 'upload-title' },
    h('h2', { id: 'upload-title' }, 'Upload'),
    h('div', { class: 'fields' }, labelled('Camera', camera), labelled('Frames', sampling), labelled('Stored as', picture)),
    input,
    drop,
    sending,
    error,
  )
  setVisible(sending, false)
  setVisible(error, false)
  listenForDrops()

  function listenForDrops(): void {
    drop.addEventListener('dragover', (event) => {
      event.preventDefault()
      drop.classList.add('over')
    })
    drop.addEventListener('dragleave', () => drop.classList.remove('over'))
    drop.addEventListener('drop', (event) => {
      event.preventDefault()
      drop.classList.remove('over')
      choose(event.dataTransfer?.files[0])
    })
  }

  function choose(file: File | undefined): void {
    if (file && !upload) void send(file)
    input.value = ''
  }

  async function send(file: File): Promise<void> {
    setVisible(error, false)
    setVisible(drop, false)
    setVisible(sending, true)
    setText(name, file.name)
    setText(detail, 'Preparing…')
    started = Date.now()
    startBytes = null
    try {
      upload = await startUpload({ client, file, video: chosenOptions(), onProgress: showProgress, onCreated })
      if (upload.resumed) setText(detail, 'Going on where it stopped…')
      await upload.done
    } catch (problem) {
      setText(error, errorText(problem))
      setVisible(error, true)
    } finally {
      reset()
    }
  }

  function chosenOptions(): NewVideo {
    const siteId = element.dataset['site'] ?? ''
    const chosenSampling = SAMPLINGS[sampling.value]
    const chosenPicture = PICTURES[picture.value]
    return {
      site_id: siteId,
      ...(chosenSampling ? { sampling: chosenSampling } : {}),
      ...(chosenPicture ? { picture: chosenPicture } : {}),
      ...(camera.value ? { camera_id: camera.value } : {}),
    }
  }

  function showProgress({ sent, total }: { sent: number; total: number }): void {
    startBytes ??= sent
    bar.value = total ? (sent / total) * 100 : 0
    const seconds = (Date.now() - started) / 1000
    const speed = seconds > 0.5 ? `, ${bytes((sent - startBytes) / seconds)}/s` : ''
    setText(detail, `${bytes(sent)} of ${bytes(total)}${speed}`)
  }

  function toggle(): void {
    if (!upload) return
    paused = !paused
    if (paused) upload.pause()
    else upload.resume()
    setText(pause, paused ? 'Go on' : 'Pause')
  }

  async function abort(): Promise<void> {
    const running = upload
    reset()
    await running?.abort()
    if (running) await client.cancel(running.videoId).catch(() => undefined)
  }

  function reset(): void {
    upload = null
    paused = false
    setText(pause, 'Pause')
    bar.value = 0
    setVisible(sending, false)
    setVisible(drop, true)
  }

  function update(model: Model): void {
    setAttribute(element, 'data-site', model.view.siteId)
    const wanted = ['', ...model.cameras.map((each) => each.camera_id)].join()
    if (camera.dataset['options'] === wanted) return
    camera.dataset['options'] = wanted
    const chosen = camera.value || model.cameras[0]?.camera_id || ''
    camera.replaceChildren(
      ...model.cameras.map((each) => h('option', { value: each.camera_id }, each.name)),
      h('option', { value: '' }, 'None: frames only'),
    )
    camera.value = chosen
  }

  return { element, update }
}

/** The reason and its code, as the job panel shows them. */
function errorText(problem: unknown): string {
  const reason = (problem as Error).message
  return problem instanceof Problem ? `${reason} (${problem.code})` : reason
}

function labelled(text: string, field: HTMLElement): HTMLElement {
  return h('div', { class: 'field' }, h('label', { for: field.id }, text), field)
}
