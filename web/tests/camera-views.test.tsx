// @vitest-environment jsdom
// Adding and changing a camera: the views, with a client that the test answers.
import { beforeEach, describe, expect, it, vi } from 'vitest'
import doneProbe from '../../schemas/camera.probe/examples/v1/done.json'
import singleProbe from '../../schemas/camera.probe/examples/v1/snapshot.json'
import wrongPassword from '../../schemas/camera.probe/examples/v1/wrong-password.json'
import { Client, Problem, type Camera, type Probe } from '../src/client'
import { T } from '../src/texts'
import { NewCameraView } from '../src/views/camera-form'
import { probeFacts, problemText } from '../src/words'
import { show, storeOf } from './show'

const ADDRESS = 'rtsp://192.168.1.20:554/stream1'
const CAMERA: Camera = { camera_id: 'cam_1', site_id: 'site_1', name: 'Bar', layout_version: null, version: 1 }
const probe = (value: unknown, changes: Partial<Probe> = {}) =>
  ({ source: { type: 'rtsp', address: ADDRESS }, expires_at: '2026-11-23T08:50:30.000Z', snapshot_url: '/p.jpg', ...(value as object), ...changes }) as Probe

beforeEach(() => {
  sessionStorage.clear()
  vi.restoreAllMocks()
})

function opened(answer: Probe) {
  const client = new Client()
  const asked = {
    newProbe: vi.spyOn(client, 'newProbe').mockResolvedValue({ ...answer, status: 'waiting', found: null, error: null }),
    probe: vi.spyOn(client, 'probe').mockResolvedValue(answer),
    newCamera: vi.spyOn(client, 'newCamera').mockResolvedValue(CAMERA),
  }
  const store = storeOf(client, ['write'])
  store.siteId.value = 'site_1'
  const root = show(<NewCameraView />, store)
  document.body.replaceChildren(root)
  const field = (label: string) => {
    const found = [...root.querySelectorAll('label')].find((each) => each.textContent === label)
    return root.querySelector<HTMLInputElement>(`#${found?.htmlFor}`) as HTMLInputElement
  }
  const type = async (label: string, value: string) => {
    field(label).value = value
    field(label).dispatchEvent(new Event('input', { bubbles: true }))
    await vi.waitFor(() => expect(field(label).value).toBe(value))
  }
  const button = (name: string) => [...root.querySelectorAll('button')].find((each) => each.textContent === name)
  return { root, asked, type, button, field, store }
}

describe('a new camera', () => {
  it('is tried, named and saved, with one text for one request', async () => {
    const { root, asked, type, button, store } = opened(probe(doneProbe.value))
    await type(T.cameraForm.address, ADDRESS)
    button(T.cameraForm.tryIt)?.click()
    await vi.waitFor(() => expect(root.textContent).toContain(T.probe.works))
    expect(asked.newProbe).toHaveBeenCalledWith('site_1', { type: 'rtsp', address: ADDRESS })
    expect(root.querySelector('.found img')?.getAttribute('src')).toBe('/p.jpg')
    asked.newCamera.mockRejectedValueOnce(new Problem(0, 'unreachable', 'No answer', 'The server does not answer.'))
    await type(T.cameraForm.name, 'Bar')
    await vi.waitFor(() => expect(button(T.cameraForm.save)?.disabled).toBe(false))
    button(T.cameraForm.save)?.click()
    await vi.waitFor(() => expect(root.textContent).toContain('The server does not answer. (unreachable)'))
    button(T.cameraForm.save)?.click()
    await vi.waitFor(() => expect(store.cameras.value).toEqual([CAMERA]))
    const [first, second] = asked.newCamera.mock.calls
    expect(first).toEqual(second)
    expect(first?.[0]).toEqual({ site_id: 'site_1', name: 'Bar', source: { type: 'rtsp', address: ADDRESS }, cadence_ms: 10_000 })
    expect(sessionStorage).toHaveLength(0)
  })

  it('that cannot be read shows the sentence and the code, and can be added all the same', async () => {
    const { root, type, button } = opened(probe(wrongPassword.value))
    await type(T.cameraForm.address, ADDRESS)
    button(T.cameraForm.tryIt)?.click()
    await vi.waitFor(() => expect(root.querySelector('.callout')?.textContent).toBe('The camera refuses the user name or the password; enter them again. (wrong_password)'))
    expect(root.textContent).toContain(T.cameraForm.anyway)
    expect(button(T.cameraForm.save)).toBeDefined()
    await type(T.cameraForm.password, 'other')
    await vi.waitFor(() => expect(root.querySelector('.callout')).toBeNull())
  })

  it('that the API refuses to try is not offered to be saved', async () => {
    const { root, asked, type, button } = opened(probe(doneProbe.value))
    asked.newProbe.mockRejectedValue(new Problem(422, 'transport_invalid', 'It cannot be read so', 'Over UDP nothing is encrypted.'))
    await type(T.cameraForm.address, 'rtsps://h/1')
    button(T.cameraForm.tryIt)?.click()
    await vi.waitFor(() => expect(root.textContent).toContain('It cannot be read so. Over UDP nothing is encrypted. (transport_invalid)'))
    expect(button(T.cameraForm.save)).toBeUndefined()
  })

  it('is still there after the view was left, with its probe, and asks for the password again', async () => {
    const first = opened(probe(doneProbe.value))
    await first.type(T.cameraForm.address, ADDRESS)
    await first.type(T.cameraForm.user, 'admin')
    await first.type(T.cameraForm.password, 'Secret')
    first.button(T.cameraForm.tryIt)?.click()
    await vi.waitFor(() => expect(first.root.textContent).toContain(T.probe.works))
    const { root, type, button, field } = opened(probe(doneProbe.value))
    await vi.waitFor(() => expect(root.textContent).toContain(T.probe.works))
    expect([field(T.cameraForm.address).value, field(T.cameraForm.user).value, field(T.cameraForm.password).value]).toEqual([ADDRESS, 'admin', ''])
    await type(T.cameraForm.name, 'Bar')
    expect(button(T.cameraForm.save)?.disabled).toBe(true)
    for (const each of ['S', 'Se', 'Secret']) await type(T.cameraForm.password, each)
    await vi.waitFor(() => expect(button(T.cameraForm.save)?.disabled).toBe(false))
    expect(root.textContent).toContain(T.probe.works)
  })

  it('needs a key that may write', () => {
    expect(show(<NewCameraView />, storeOf(new Client(), ['read'])).textContent).toContain(T.cameraForm.mayNot)
  })
})

describe('what a camera sends, in words', () => {
  it('of a stream', () => {
    expect(probeFacts(probe(doneProbe.value).found!)).toEqual([
      ['Picture', '1920 × 1080, H.264'],
      ['Rate', '25 pictures a second, 4.1 Mbit/s'],
      ['Keyframes', 'Every 2 s (50 pictures)'],
      ['Clock', 'Its own clock says when a picture was taken'],
      ['Sound', 'It sends sound (AAC), which is not used'],
      ['Read over', 'RTSP over TCP, first picture after 0.6 s'],
    ])
  })

  it('of single pictures', () => {
    const facts = probeFacts(probe(singleProbe.value).found!).map(([, value]) => value)
    expect(facts).toEqual(['1280 × 720, JPEG', 'Single pictures', 'Each picture is one', 'Pictures are timed by when they come, to within 0.15 s.', 'Not known', 'HTTP, first picture after 0.2 s'])
  })
})

it('a refusal is its title, its sentence and its code, without saying a thing twice', () => {
  expect(problemText(new Problem(422, 'a', 'The address cannot be read', 'The address cannot be read: no host.'))).toBe('The address cannot be read: no host. (a)')
  expect(problemText(new Problem(422, 'b', 'Title', 'What to do.'))).toBe('Title. What to do. (b)')
  expect(problemText(new Error('x'))).toBe('x')
})
