import { expect, it, vi } from 'vitest'
import { Client } from '../src/client'
import { SessionGate } from '../src/session-gate'

const answer = (status: number) => new Response('{"items": [], "next_cursor": null}', { status })

function gated(...statuses: number[]) {
  const send = vi.fn<typeof fetch>()
  for (const status of statuses) send.mockResolvedValueOnce(answer(status))
  const gate = new SessionGate(send)
  const ended = vi.fn()
  gate.onEnd = ended
  return { client: new Client({ base: '/prefix', fetch: gate.fetch }), send, gate, ended }
}

it('asks for nothing after a 401 until somebody has signed in, but for the session', async () => {
  const { client, send, gate, ended } = gated(401, 401, 200, 200)
  gate.open()
  await expect(client.sites()).rejects.toMatchObject({ status: 401 })
  await expect(client.sites()).rejects.toMatchObject({ status: 401, code: 'signed_out' })
  expect([send.mock.calls.length, ended.mock.calls.length, gate.isShut]).toEqual([1, 1, true])
  await expect(client.session()).rejects.toMatchObject({ status: 401 })
  await client.signIn('twk_a_b')
  gate.open()
  expect(await client.sites()).toEqual([])
  expect(ended).toHaveBeenCalledOnce()
})

it('takes a wrong key for no end of a session', async () => {
  const { client, ended } = gated(401)
  await expect(client.signIn('twk_a_b')).rejects.toMatchObject({ status: 401 })
  expect(ended).not.toHaveBeenCalled()
})

it('does not end a session by an answer to what was asked in the one before', async () => {
  const { client, send, gate, ended } = gated()
  const answers: ((answer: Response) => void)[] = []
  send.mockImplementation(() => new Promise((resolve) => answers.push(resolve)))
  gate.open()
  const [one, other] = [client.sites(), client.tables('site_1')]
  answers[0]?.(answer(401))
  await expect(one).rejects.toMatchObject({ status: 401 })
  gate.open()
  answers[1]?.(answer(401))
  await expect(other).rejects.toMatchObject({ status: 401 })
  expect([ended.mock.calls.length, gate.isShut]).toEqual([1, false])
})
