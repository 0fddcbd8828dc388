// Recording with a camera of this device.
import { useEffect, useRef } from 'preact/hooks'
import { bytes, clockTime } from '../format'
import { LIMITS, type Recorded, type Recorder } from '../recording'
import { T } from '../texts'

interface RecordProps {
  recorder: Recorder
  /** Whose tables are looked for in what is recorded; null: in none. */
  camera: string | null
  onSend: (recorded: Recorded) => void
}

export function Record({ recorder, camera, onSend }: RecordProps) {
  useEffect(() => () => recorder.leave(), [recorder])
  const recorded = recorder.recorded.value
  const send = () => {
    if (!recorded) return
    onSend(recorded)
    recorder.close()
  }
  return (
    <div class="record">
      {recorder.state.value === 'closed' && (
        <button type="button" onClick={() => void recorder.open()}>{T.record.open}</button>
      )}
      {recorder.state.value === 'opening' && <p class="muted" role="status">{T.record.opening}</p>}
      {recorder.stream.value && <Live recorder={recorder} stream={recorder.stream.value} />}
      {recorded && <Look recorder={recorder} recorded={recorded} camera={camera} onSend={send} />}
      <div role="alert">{recorder.problem.value && <p class="error">{recorder.problem.value}</p>}</div>
    </div>
  )
}

function Live({ recorder, stream }: { recorder: Recorder; stream: MediaStream }) {
  const preview = useRef<HTMLVideoElement>(null)
  useEffect(() => {
    if (preview.current) preview.current.srcObject = stream
  }, [stream])
  const recording = recorder.state.value === 'recording'
  const cameras = recorder.cameras.value
  return (
    <>
      <video class="preview" muted autoplay playsInline aria-label={T.record.preview} ref={preview} />
      {cameras.length > 1 && !recording && (
        <div class="field">
          <label for="device-camera">{T.record.which}</label>
          <select id="device-camera" value={recorder.camera.value} onChange={(event) => void recorder.open(event.currentTarget.value)}>
            {cameras.map((each, at) => <option key={each.deviceId} value={each.deviceId}>{each.label || T.record.camera(at + 1)}</option>)}
          </select>
        </div>
      )}
      {recording ? (
        <p class="recording"><span class="dot" aria-hidden="true" />{T.record.soFar(clockTime(recorder.ms.value), bytes(recorder.bytes.value))}</p>
      ) : (
        <p class="muted small">{T.record.limit(LIMITS.ms / 60_000, bytes(LIMITS.bytes))}</p>
      )}
      <div class="buttons">
        {recording && <button key="stop" type="button" class="primary" onClick={() => recorder.stop()}>{T.record.stop}</button>}
        {!recording && <button key="start" type="button" class="primary" onClick={() => recorder.start()}>{T.record.start}</button>}
        {!recording && <button key="close" type="button" onClick={() => recorder.close()}>{T.record.close}</button>}
      </div>
    </>
  )
}

interface LookProps {
  recorder: Recorder
  recorded: Recorded
  camera: string | null
  onSend: () => void
}

function Look({ recorder, recorded, camera, onSend }: LookProps) {
  const { file, url, ms } = recorded
  const discard = () => {
    if (confirm(T.record.confirmDiscard)) recorder.close()
  }
  return (
    <>
      <video class="preview" controls playsInline src={url} aria-label={T.record.look} />
      <p><strong>{file.name}</strong> <span class="muted small">{`${bytes(file.size)} · ${clockTime(ms)}`}</span></p>
      <p class="muted small">{T.record.ofCamera(camera)}</p>
      <div class="buttons">
        <button type="button" class="primary" onClick={onSend}>{T.record.send}</button>
        <a class="button" href={url} download={file.name}>{T.record.save}</a>
        <button type="button" onClick={discard}>{T.record.discard}</button>
      </div>
    </>
  )
}
