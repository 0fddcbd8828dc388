// Versions of a layout with what each changed, restored by a tap; and layouts of other programs, in and out.
import { useEffect, useState } from 'preact/hooks'
import type { Camera, LayoutDiff, LayoutFormat, LayoutVersion } from '../client'
import { useStore } from '../context'
import { useSending } from '../request'
import { T } from '../texts'
import { diffText, shortTime, versionText } from '../words'

const W = T.versions
const FORMATS: readonly LayoutFormat[] = ['crop', 'coco', 'frigate']
const MOST_BYTES = 1024 * 1024

interface PanelProps {
  camera: Camera
  /** Of the newest version; null: there is none. */
  tag: string | null
  /** What people call a table, also one of an earlier version. */
  nameOf: (tableId: string) => string
  /** Whether something is drawn that is not saved. */
  unsaved: boolean
  /** Another version is the newest now. */
  onChanged: () => void
}

export function LayoutVersions(props: PanelProps) {
  return (
    <details class="card">
      <summary><h2>{W.title}</h2></summary>
      <div class="exchange">
        {props.tag === null ? <p class="muted">{W.none}</p> : <Versions {...props} />}
        <h3>{W.exchange}</h3>
        {props.tag !== null && <Export camera={props.camera} />}
        <Import {...props} />
      </div>
    </details>
  )
}

function Versions({ camera, tag, nameOf, unsaved, onChanged }: PanelProps) {
  const store = useStore()
  const { busy, problem, send } = useSending()
  const [versions, setVersions] = useState<readonly LayoutVersion[] | null>(null)
  useEffect(() => {
    let left = false
    store.client.layoutVersions(camera.camera_id).then((found) => !left && setVersions(found), (error: unknown) => !left && store.fail(error))
    return () => void (left = true)
  }, [camera.camera_id])
  const restore = (version: number) => {
    if (!confirm(unsaved ? W.confirmUnsaved(version) : W.confirm(version))) return
    void send(async () => {
      await store.client.restoreLayout(camera.camera_id, version, tag ?? '*')
      onChanged()
    })
  }
  if (versions === null) return <p class="muted" role="status">{T.loading}</p>
  return (
    <>
      <div role="alert">{problem && <p class="callout error">{problem}</p>}</div>
      <ol class="versions">
        {versions.map((each) => (
          <li key={each.version}>
            <p><strong>{W.version(each.version)}</strong> <span class="muted small">{shortTime(each.created_at, store.now.value)}{each.newest && ` · ${W.newest}`}</span></p>
            <p class="muted small">{versionText(each)}</p>
            <div class="buttons">
              <Diff camera={camera} version={each.version} nameOf={nameOf} />
              {!each.newest && <button type="button" disabled={busy} onClick={() => restore(each.version)}>{W.restore}<span class="visually-hidden"> {W.version(each.version)}</span></button>}
            </div>
          </li>
        ))}
      </ol>
    </>
  )
}

function Diff({ camera, version, nameOf }: Pick<PanelProps, 'camera' | 'nameOf'> & { version: number }) {
  const store = useStore()
  const [diff, setDiff] = useState<LayoutDiff | null>(null)
  const show = () => store.client.layoutDiff(camera.camera_id, version).then(setDiff, (error: unknown) => store.fail(error))
  if (diff === null) return <button type="button" onClick={() => void show()}>{W.diff}<span class="visually-hidden"> {W.version(version)}</span></button>
  return <ul class="points">{diffText(diff, nameOf).map((text) => <li key={text}>{text}</li>)}</ul>
}

function Export({ camera }: { camera: Camera }) {
  const store = useStore()
  const { busy, problem, send } = useSending()
  const [format, setFormat] = useState<LayoutFormat>('crop')
  const save = () =>
    void send(async () => {
      const found = await store.client.exportLayout(camera.camera_id, format)
      download(JSON.stringify(found, null, 1), `${camera.name}.${format}.json`)
    })
  return (
    <>
      <FormatField id="export-format" label={W.exportAs} format={format} onChange={setFormat} />
      <div role="alert">{problem && <p class="callout error">{problem}</p>}</div>
      <div class="buttons"><button type="button" disabled={busy} onClick={save}>{W.save}</button></div>
    </>
  )
}

function Import({ camera, tag, unsaved, onChanged }: PanelProps) {
  const store = useStore()
  const { busy, problem, send } = useSending()
  const [format, setFormat] = useState<LayoutFormat>('crop')
  const [ofCamera, setOfCamera] = useState('')
  const take = (file: File) => {
    if (unsaved && !confirm(W.importUnsaved)) return
    void send(async () => {
      const document = await readJson(file)
      await store.client.importLayout(camera.camera_id, format, document, format === 'frigate' && ofCamera.trim() ? ofCamera.trim() : null, tag)
      onChanged()
    })
  }
  return (
    <>
      <FormatField id="import-format" label={W.importAs} format={format} onChange={setFormat} />
      {format === 'frigate' && (
        <div class="field">
          <label for="import-camera">{W.sourceCamera}</label>
          <input id="import-camera" type="text" maxLength={200} value={ofCamera} onInput={(event) => setOfCamera(event.currentTarget.value)} />
        </div>
      )}
      <div class="field">
        <label for="import-file">{W.file}</label>
        <input id="import-file" type="file" accept=".json,application/json" disabled={busy} onChange={(event) => { const [file] = event.currentTarget.files ?? []; event.currentTarget.value = ''; if (file) take(file) }} />
      </div>
      <div role="alert">{problem && <p class="callout error">{problem}</p>}</div>
    </>
  )
}

interface FormatFieldProps {
  id: string
  label: string
  format: LayoutFormat
  onChange: (format: LayoutFormat) => void
}

function FormatField({ id, label, format, onChange }: FormatFieldProps) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={format} onChange={(event) => onChange(event.currentTarget.value as LayoutFormat)}>
        {FORMATS.map((each) => <option key={each} value={each}>{W.formats[each]}</option>)}
      </select>
    </div>
  )
}

async function readJson(file: File): Promise<unknown> {
  if (file.size > MOST_BYTES) throw new Error(W.tooLarge)
  try {
    return JSON.parse(await file.text()) as unknown
  } catch {
    throw new Error(W.noJson(file.name))
  }
}

function download(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
  Object.assign(document.createElement('a'), { href: url, download: name }).click()
  URL.revokeObjectURL(url)
}
