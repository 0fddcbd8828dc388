// Looking for cameras: what answered, with its streams to choose from, or why there are none.
import { useState } from 'preact/hooks'
import type { Discovery, Login } from '../client'
import { useStore } from '../context'
import { useDiscovering } from '../discovering'
import type { CameraProbeDevice, CameraProbeDeviceProfile } from '../generated/events'
import { T } from '../texts'
import { deviceName, deviceText, streamText } from '../words'

const W = T.find

export interface ChosenStream {
  type: 'rtsp' | 'snapshot'
  address: string
  name: string
  user: string
  password: string
}

export function FindCameras({ onChoose }: { onChoose: (stream: ChosenStream) => void }) {
  const { discovery, busy, problem, begin } = useDiscovering()
  const [user, setUser] = useState('')
  const [password, setPassword] = useState('')
  const login: Login | null = user ? { user, password } : null
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (!busy) void begin(login)
  }
  const choose = (device: CameraProbeDevice, type: ChosenStream['type'], address: string) =>
    onChoose({ type, address, name: device.name ?? device.model ?? '', user, password })
  return (
    <form class="card" aria-labelledby="find" onSubmit={submit}>
      <h2 id="find">{W.title}</h2>
      <p class="muted">{W.text}</p>
      <details>
        <summary>{W.login}</summary>
        <div class="form-fields">
          <div class="field">
            <label for="find-user">{W.user}</label>
            <input id="find-user" type="text" autocomplete="off" autocapitalize="none" spellcheck={false} maxLength={200} required={password !== ''} value={user} onInput={(event) => setUser(event.currentTarget.value)} />
          </div>
          <div class="field">
            <label for="find-password">{W.password}</label>
            <input id="find-password" type="password" autocomplete="new-password" maxLength={400} value={password} onInput={(event) => setPassword(event.currentTarget.value)} />
          </div>
          <p class="muted small wide">{W.loginHelp}</p>
        </div>
      </details>
      <div class="buttons">
        <button type="submit" disabled={busy}>{discovery === null ? W.look : W.again}</button>
      </div>
      <div role="status">
        {busy && <p>{W.looking}</p>}
        {problem && !busy && <p class="callout error">{problem}</p>}
        {!busy && discovery?.error && <p class="callout error">{discovery.error.reason} ({discovery.error.code})</p>}
        {!busy && discovery?.status === 'done' && <p>{W.found(discovery.devices?.length ?? 0, discovery.others ?? 0)}</p>}
        {!busy && (discovery?.left_out ?? 0) > 0 && <p class="muted">{W.leftOut(discovery?.left_out ?? 0)}</p>}
      </div>
      {busy && discovery && <Waited discovery={discovery} />}
      {!busy && <ul class="devices">{discovery?.devices?.map((device) => <Device key={device.service_address ?? device.addresses.join()} device={device} onChoose={choose} />)}</ul>}
    </form>
  )
}

function Waited({ discovery }: { discovery: Discovery }) {
  useStore().now.value // drawn again with the clock
  const [begun, ends] = [Date.parse(discovery.requested_at), Date.parse(discovery.expires_at)]
  const share = Math.min(1, Math.max(0, (Date.now() - begun) / (ends - begun)))
  return <progress max={1} value={share} aria-label={W.looking} />
}

interface DeviceProps {
  device: CameraProbeDevice
  onChoose: (device: CameraProbeDevice, type: ChosenStream['type'], address: string) => void
}

function Device({ device, onChoose }: DeviceProps) {
  const name = deviceName(device)
  return (
    <li>
      <h3>{name}</h3>
      <p class="muted small">{deviceText(device)}</p>
      {device.error && <p class="callout">{device.error.reason} ({device.error.code})</p>}
      <ul>{device.profiles.map((profile) => <Profile key={profile.name} name={name} profile={profile} onChoose={(type, address) => onChoose(device, type, address)} />)}</ul>
    </li>
  )
}

interface ProfileProps {
  name: string
  profile: CameraProbeDeviceProfile
  onChoose: (type: ChosenStream['type'], address: string) => void
}

function Profile({ name, profile, onChoose }: ProfileProps) {
  const { stream_address: stream, snapshot_address: single } = profile
  const of = <span class="visually-hidden">{W.of(profile.name, name)}</span>
  return (
    <li>
      <p><strong>{profile.name}</strong> <span class="muted small">{streamText(profile)}</span></p>
      {profile.error && <p class="small error">{profile.error.reason} ({profile.error.code})</p>}
      <div class="buttons">
        {stream && <button type="button" class="primary" onClick={() => onChoose('rtsp', stream)}>{W.use}{of}</button>}
        {single && <button type="button" onClick={() => onChoose('snapshot', single)}>{W.useSingle}{of}</button>}
      </div>
    </li>
  )
}
