// @vitest-environment jsdom
// Adding and changing a camera: the views, with a client that the test answers.
import { Route, Router } from 'preact-iso'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import discovered from '../../schemas/camera.probe/examples/v1/discovered.json'
import doneProbe from '../../schemas/camera.probe/examples/v1/done.json'
import singleProbe from '../../schemas/camera.probe/examples/v1/snapshot.json'
import wrongPassword from '../../schemas/camera.probe/examples/v1/wrong-password.json'
import { Client, Problem, type Camera, type Discovery, type Probe } from '../src/client'
import { T } from '../src/texts'
import { NewCameraView } from '../src/set-up/connect'
import { ChangeCameraView } from '../src/views/camera-form'
import { probeFacts, problemText } from '../src/words'
import { show, storeOf } from './show'

const ADDRESS = 'rtsp://192.168.1.20:554/stream1'
const CAMERA: Camera = { camera_id: 'cam_1', site_id: 'site_1', name: 'Bar', layout_version: null, version: 1 }
const probe = (value: unknown, changes: Partial<Probe> = {}) =>
  ({ source: { type: 'rtsp', address: ADDRESS }, expires_at: '2026-11-23T08:50:30.000Z', snapshot_url: '/p.jpg', ...(value as object), ...changes }) as Probe

beforeEach(() => {
  localStorage.clear()
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
  return { ...formOf(show(<NewCameraView />, store)), asked, store }
}

function formOf(root: HTMLElement) {
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
  return { root, type, button, field }
}

describe('what is typed', () => {
  it('is kept of every field, though nothing was drawn between two of them', async () => {
    const { field, button, asked } = opened(probe(doneProbe.value))
    const put = (label: string, value: string) => {
      field(label).value = value
      field(label).dispatchEvent(new Event('input', { bubbles: true }))
    }
    put(T.cameraForm.password, 'Secret')
    put(T.cameraForm.user, 'admin')
    put(T.cameraForm.address, ADDRESS)
    button(T.cameraForm.tryIt)?.click()
    expect(asked.newProbe.mock.calls[0]?.[1], 'what is tried is what was typed').toEqual({ type: 'rtsp', address: ADDRESS, user: 'admin', password: 'Secret' })
    await new Promise((drawn) => setTimeout(drawn))
    expect([T.cameraForm.password, T.cameraForm.user, T.cameraForm.address].map((label) => field(label).value)).toEqual(['Secret', 'admin', ADDRESS])
  })
})

describe('cameras on the network', () => {
  const found = { ...discovered.value, discovery_id: 'dsc_1', expires_at: '2026-11-23T08:50:30.000Z' } as unknown as Discovery
  const look = (answer: Discovery | Problem) => {
    const page = opened(probe(doneProbe.value))
    const begin = vi.spyOn(page.store.client, 'newDiscovery')
    if (answer instanceof Problem) begin.mockRejectedValue(answer)
    else begin.mockResolvedValue({ ...answer, status: 'waiting', devices: null, error: null })
    vi.spyOn(page.store.client, 'discovery').mockResolvedValue(answer as Discovery)
    return { ...page, begin }
  }

  it('are looked for, and a stream that is chosen fills the fields', async () => {
    const { root, button, field, begin } = look(found)
    const login = (id: string, value: string) => {
      const input = root.querySelector(`#${id}`) as HTMLInputElement
      input.value = value
      input.dispatchEvent(new Event('input', { bubbles: true }))
    }
    login('find-user', 'admin')
    login('find-password', 'Secret')
    await vi.waitFor(() => expect((root.querySelector('#find-user') as HTMLInputElement).required).toBe(true))
    button(T.find.look)?.click()
    await vi.waitFor(() => expect(root.querySelectorAll('.devices > li')).toHaveLength(2))
    expect(begin).toHaveBeenCalledWith('site_1', { user: 'admin', password: 'Secret' })
    expect(root.textContent).toContain('1920 × 1080, H.264, 25 a second')
    expect(root.textContent).toContain('enter its user name and password. (password_needed)')
    expect(root.textContent).toContain('(points_elsewhere)')
    button(`${T.find.use}${T.find.of('main', 'Bar')}`)?.click()
    await vi.waitFor(() => expect(field(T.cameraForm.address).value).toBe('rtsp://10.20.0.14:554/stream1'))
    expect([field(T.cameraForm.user).value, field(T.cameraForm.password).value]).toEqual(['admin', 'Secret'])
    expect(JSON.stringify({ ...localStorage })).not.toContain('Secret')
  })

  it('are still there after a reload, and forgotten with their search', async () => {
    const { root, button } = look(found)
    button(T.find.look)?.click()
    await vi.waitFor(() => expect(root.querySelectorAll('.devices > li')).toHaveLength(2))
    const ask = vi.spyOn(Client.prototype, 'discovery').mockResolvedValue(found)
    const reloaded = opened(probe(doneProbe.value))
    await vi.waitFor(() => expect(reloaded.root.querySelectorAll('.devices > li')).toHaveLength(2))
    expect(ask).toHaveBeenCalledWith('dsc_1')
    ask.mockRejectedValue(new Problem(404, 'discovery_not_found', 'No such search', 'Look again.'))
    opened(probe(doneProbe.value))
    await vi.waitFor(() => expect(localStorage).toHaveLength(0))
  })

  it.each([
    [{ ...found, status: 'failed', devices: null, error: { code: 'discovery_off', reason: 'It is switched off.' } } as unknown as Discovery, 'It is switched off. (discovery_off)'],
    [{ ...found, devices: [], others: 2 } as Discovery, T.find.found(0, 2)],
    [new Problem(429, 'too_many_probes', 'Too many', 'Wait a little.'), 'Wait a little. (too_many_probes)'],
  ])('that are not found say why (%#)', async (answer, text) => {
    const { root, button } = look(answer)
    button(T.find.look)?.click()
    await vi.waitFor(() => expect(root.textContent).toContain(text))
    expect(button(T.find.look) ?? button(T.find.again)).toHaveProperty('disabled', false)
  })
})

describe('a new camera', () => {
  it('is tried and registered with a name to begin with, with one text for one request', async () => {
    history.replaceState(null, '', '/cameras/new')
    const { root, asked, type, button, store } = opened(probe(doneProbe.value))
    await type(T.cameraForm.address, ADDRESS)
    button(T.cameraForm.tryIt)?.click()
    await vi.waitFor(() => expect(root.textContent).toContain(T.probe.works))
    expect(asked.newProbe).toHaveBeenCalledWith('site_1', { type: 'rtsp', address: ADDRESS })
    expect(root.querySelector('.found img')?.getAttribute('src')).toBe('/p.jpg')
    asked.newCamera.mockRejectedValueOnce(new Problem(0, 'unreachable', 'No answer', 'The server does not answer.'))
    button(T.setUp.use)?.click()
    await vi.waitFor(() => expect(root.textContent).toContain('The server does not answer. (unreachable)'))
    store.cameras.value = [{ ...CAMERA, number: 1 }] // the stream brings it before its answer
    button(T.setUp.use)?.click()
    await vi.waitFor(() => expect(store.cameras.value).toEqual([CAMERA]))
    const [first, second] = asked.newCamera.mock.calls
    expect(first).toEqual(second)
    expect(first?.[0]).toEqual({ site_id: 'site_1', name: 'Camera 1', source: { type: 'rtsp', address: ADDRESS }, cadence_ms: 10_000 })
    expect([localStorage.length, location.pathname]).toEqual([0, '/cameras/cam_1/set-up/picture'])
  })

  it('that cannot be read shows the sentence and the code, and can be added all the same', async () => {
    const { root, type, button } = opened(probe(wrongPassword.value))
    await type(T.cameraForm.address, ADDRESS)
    button(T.cameraForm.tryIt)?.click()
    await vi.waitFor(() => expect(root.querySelector('.callout')?.textContent).toBe('The camera refuses the user name or the password; enter them again. (wrong_password)'))
    expect(root.textContent).toContain(T.cameraForm.anyway)
    expect([button(T.setUp.use)?.getAttribute('aria-disabled'), button(T.setUp.useAnyway)?.disabled]).toEqual(['true', false])
    await type(T.cameraForm.password, 'other')
    await vi.waitFor(() => expect(root.querySelector('.callout')).toBeNull())
  })

  it('that the API refuses to try is not offered to be saved', async () => {
    const { root, asked, type, button } = opened(probe(doneProbe.value))
    asked.newProbe.mockRejectedValue(new Problem(422, 'transport_invalid', 'It cannot be read so', 'Over UDP nothing is encrypted.'))
    await type(T.cameraForm.address, 'rtsps://h/1')
    button(T.cameraForm.tryIt)?.click()
    await vi.waitFor(() => expect(root.textContent).toContain('It cannot be read so. Over UDP nothing is encrypted. (transport_invalid)'))
    expect([button(T.setUp.use)?.getAttribute('aria-disabled'), button(T.setUp.useAnyway)]).toEqual(['true', undefined])
  })

  it('is still there after the view was left, with its probe, and asks for the password again', async () => {
    const first = opened(probe(doneProbe.value))
    await first.type(T.cameraForm.address, ADDRESS)
    await first.type(T.cameraForm.user, 'admin')
    await first.type(T.cameraForm.password, 'Secret')
    first.button(T.cameraForm.tryIt)?.click()
    await vi.waitFor(() => expect(first.root.textContent).toContain(T.probe.works))
    const { root, type, button, field, asked } = opened(probe(doneProbe.value))
    await vi.waitFor(() => expect(root.textContent).toContain(T.probe.works))
    expect([field(T.cameraForm.address).value, field(T.cameraForm.user).value, field(T.cameraForm.password).value]).toEqual([ADDRESS, 'admin', ''])
    expect([button(T.setUp.use)?.getAttribute('aria-disabled'), root.querySelector('#hindrance')?.textContent]).toEqual(['true', T.cameraForm.passwordLost])
    button(T.setUp.use)?.click()
    expect(asked.newCamera).not.toHaveBeenCalled()
    for (const each of ['S', 'Se', 'Secret']) await type(T.cameraForm.password, each)
    await vi.waitFor(() => expect(button(T.setUp.use)?.getAttribute('aria-disabled')).toBe('false'))
    expect(root.textContent).toContain(T.probe.works)
  })

  it('keeps its address when the field is left, without the password in it', async () => {
    const { type, field } = opened(probe(doneProbe.value))
    const kept = () => JSON.stringify({ ...localStorage })
    field(T.cameraForm.address).dispatchEvent(new FocusEvent('blur'))
    expect(localStorage).toHaveLength(0)
    for (const each of ['rtsp://admin:12', 'rtsp://admin:1234', 'rtsp://admin:1234@cam/1']) {
      await type(T.cameraForm.address, each)
      await vi.waitFor(() => expect(localStorage).toHaveLength(1))
      expect(kept()).not.toMatch(/12|admin/)
    }
    field(T.cameraForm.address).dispatchEvent(new FocusEvent('blur'))
    await vi.waitFor(() => expect(kept()).toContain('rtsp://cam/1'))
    expect(kept()).not.toContain('1234')
    await vi.waitFor(() => expect(field(T.cameraForm.password).value).toBe('1234'))
  })

  it('needs a key that may write', () => {
    expect(show(<NewCameraView />, storeOf(new Client(), ['read'])).textContent).toContain(T.cameraForm.mayNot)
  })
})

describe('a change of a camera that somebody else has changed meanwhile', () => {
  const camera: Camera = { ...CAMERA, source: { type: 'rtsp', address: ADDRESS, secret_ref: null }, cadence_ms: 5000 }
  const elsewhere: Camera = { ...camera, source: { type: 'rtsp', address: 'rtsp://elsewhere/1', secret_ref: null }, version: 2 }

  it('sends no password to an address that it was not typed for', async () => {
    const client = new Client()
    vi.spyOn(client, 'camera').mockResolvedValueOnce({ document: camera, tag: '"1"' }).mockResolvedValue({ document: elsewhere, tag: '"2"' })
    const changed = vi.spyOn(client, 'changeCamera').mockRejectedValueOnce(new Problem(412, 'version_conflict', 'It was changed', 'Read it again.')).mockResolvedValue(elsewhere)
    history.replaceState(null, '', '/cameras/cam_1/change')
    const { root, type, button, field } = formOf(show(<Router>{[<Route path="/cameras/:id/change" component={ChangeCameraView} />]}</Router>, storeOf(client, ['write'])))
    await vi.waitFor(() => expect(button(T.cameraForm.keep)).toBeDefined())
    await type(T.cameraForm.user, 'admin')
    await type(T.cameraForm.password, 'Secret')
    await vi.waitFor(() => expect(button(T.cameraForm.keep)?.disabled).toBe(false))
    button(T.cameraForm.keep)?.click()
    await vi.waitFor(() => expect(button(T.cameraForm.keepMine)).toBeDefined())
    button(T.cameraForm.keepMine)?.click()
    await vi.waitFor(() => expect(root.textContent).toContain(T.cameraForm.otherAddress('rtsp://elsewhere/1')))
    expect([T.cameraForm.address, T.cameraForm.user, T.cameraForm.password].map((label) => field(label).value)).toEqual(['rtsp://elsewhere/1', '', ''])
    expect(changed).toHaveBeenCalledTimes(1)
    await type(T.cameraForm.user, 'me')
    await type(T.cameraForm.password, 'theirs')
    await vi.waitFor(() => expect(button(T.cameraForm.keep)?.disabled).toBe(false))
    button(T.cameraForm.keep)?.click()
    await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(2))
    expect(changed).toHaveBeenLastCalledWith('cam_1', { source: { type: 'rtsp', address: 'rtsp://elsewhere/1', user: 'me', password: 'theirs' } }, '"2"')
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
