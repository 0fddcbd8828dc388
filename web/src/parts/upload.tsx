// Choosing a file and how it is looked at, and sending it.
import { useEffect, useState } from 'preact/hooks'
import type { Camera, NewVideo } from '../client'
import type { Sending } from '../sending'
import { T } from '../texts'

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

export function UploadCard({ sending, siteId, cameras }: { sending: Sending; siteId: string; cameras: readonly Camera[] }) {
  const [camera, setCamera] = useState<string | null>(null)
  const [sampling, setSampling] = useState('Every second')
  const [picture, setPicture] = useState('JPEG')
  useEffect(() => setCamera(null), [siteId])
  const chosenCamera = camera ?? cameras[0]?.camera_id ?? ''

  const choose = (file: File | undefined) => {
    if (!file) return
    const [frames, stored] = [SAMPLINGS[sampling], PICTURES[picture]]
    void sending.send(file, {
      site_id: siteId,
      ...(frames ? { sampling: frames } : {}),
      ...(stored ? { picture: stored } : {}),
      ...(chosenCamera ? { camera_id: chosenCamera } : {}),
    })
  }

  return (
    <section class="card upload" aria-labelledby="upload-title">
      <h2 id="upload-title">{T.upload.title}</h2>
      <div class="fields">
        <div class="field">
          <label for="camera">{T.upload.camera}</label>
          <select id="camera" value={chosenCamera} onChange={(event) => setCamera(event.currentTarget.value)}>
            {cameras.map((each) => <option key={each.camera_id} value={each.camera_id}>{each.name}</option>)}
            <option value="">{T.upload.noCamera}</option>
          </select>
        </div>
        <Choice id="sampling" label={T.upload.frames} names={Object.keys(SAMPLINGS)} value={sampling} onChange={setSampling} />
        <Choice id="picture" label={T.upload.storedAs} names={Object.keys(PICTURES)} value={picture} onChange={setPicture} />
      </div>
      {sending.name.value === null ? <Drop onFile={choose} /> : <Progress sending={sending} />}
      <div role="alert">{sending.problem.value && <p class="error">{sending.problem.value}</p>}</div>
    </section>
  )
}

interface ChoiceProps {
  id: string
  label: string
  names: string[]
  value: string
  onChange: (name: string) => void
}

function Choice({ id, label, names, value, onChange }: ChoiceProps) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {names.map((name) => <option key={name}>{name}</option>)}
      </select>
    </div>
  )
}

function Drop({ onFile }: { onFile: (file: File | undefined) => void }) {
  const [over, setOver] = useState(false)
  const drop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    onFile(event.dataTransfer?.files[0])
  }
  const drag = (event: DragEvent) => {
    event.preventDefault()
    setOver(true)
  }
  const change = (event: { currentTarget: HTMLInputElement }) => {
    const [file] = event.currentTarget.files ?? []
    event.currentTarget.value = ''
    onFile(file)
  }
  return (
    <>
      <input id="file" type="file" accept="video/*,.mkv,.ts,.avi,.mp4,.mov,.webm,.mpg,.mpeg,.vob" class="visually-hidden" onChange={change} />
      <label class={over ? 'drop over' : 'drop'} for="file" onDragOver={drag} onDragLeave={() => setOver(false)} onDrop={drop}>
        <strong>{T.upload.choose}</strong>
        <span class="muted small">{T.upload.orDrop}</span>
      </label>
    </>
  )
}

function Progress({ sending }: { sending: Sending }) {
  return (
    <div class="sending">
      <strong class="clip">{sending.name.value}</strong>
      <span class="muted small">{sending.facts.value}</span>
      <progress max={100} value={sending.progress.value} aria-label={T.upload.title} />
      <span class="muted small" role="status">{sending.note.value}</span>
      <div class="buttons">
        <button type="button" disabled={!sending.canPause.value} onClick={() => sending.togglePause()}>
          {sending.paused.value ? T.upload.goOn : T.upload.pause}
        </button>
        <button type="button" onClick={() => void sending.abort()}>{T.upload.cancel}</button>
      </div>
    </div>
  )
}
