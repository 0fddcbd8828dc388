// Choosing files and how they are looked at, and what is being sent of them.
import { useEffect, useState } from 'preact/hooks'
import type { Camera, NewVideo } from '../client'
import { useStore } from '../context'
import { T } from '../texts'
import type { Uploads } from '../uploads'
import { Record as RecordVideo } from './record'
import { Sendings } from './sendings'

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

export function UploadCard({ uploads, siteId, cameras }: { uploads: Uploads; siteId: string; cameras: readonly Camera[] }) {
  const { recorder } = useStore()
  const [camera, setCamera] = useState<string | null>(null)
  const [sampling, setSampling] = useState('Every second')
  const [picture, setPicture] = useState('JPEG')
  useEffect(() => setCamera(null), [siteId])
  const chosenCamera = camera ?? cameras[0]?.camera_id ?? ''

  // A device shows what none of the cameras does, unless somebody says so.
  const recordedFor = cameras.find((each) => each.camera_id === camera)

  const choose = (files: readonly File[], ofCamera = chosenCamera, more: NewVideo = {}, inMemory = false) => {
    const [frames, stored] = [SAMPLINGS[sampling], PICTURES[picture]]
    uploads.add(files, {
      site_id: siteId,
      ...(frames ? { sampling: frames } : {}),
      ...(stored ? { picture: stored } : {}),
      ...(ofCamera ? { camera_id: ofCamera } : {}),
      ...more,
    }, inMemory)
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
      <Drop onFiles={(files) => choose(files)} />
      <RecordVideo recorder={recorder} camera={recordedFor?.name ?? null} onSend={({ file, startedAt }) => choose([file], recordedFor?.camera_id ?? '', { started_at: startedAt.toISOString() }, true)} />
      <Sendings uploads={uploads} siteId={siteId} cameras={cameras} />
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

function Drop({ onFiles }: { onFiles: (files: readonly File[]) => void }) {
  const [over, setOver] = useState(false)
  const drop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    onFiles([...(event.dataTransfer?.files ?? [])])
  }
  const drag = (event: DragEvent) => {
    event.preventDefault()
    setOver(true)
  }
  const change = (event: { currentTarget: HTMLInputElement }) => {
    const files = [...(event.currentTarget.files ?? [])]
    event.currentTarget.value = ''
    onFiles(files)
  }
  return (
    <>
      <input id="file" type="file" multiple accept="video/*,.mkv,.ts,.avi,.mp4,.mov,.webm,.mpg,.mpeg,.vob" class="visually-hidden" onChange={change} />
      <label class={over ? 'drop over' : 'drop'} for="file" onDragOver={drag} onDragLeave={() => setOver(false)} onDrop={drop}>
        <strong>{T.upload.choose}</strong>
        <span class="muted small">{T.upload.orDrop}</span>
      </label>
    </>
  )
}
