// @vitest-environment jsdom
import { render } from 'preact'
import { expect, it, vi } from 'vitest'
import { Client, Problem } from '../src/client'
import { SignIn } from '../src/signin'

it('goes on with a valid key, and shows an error for another', async () => {
  const client = new Client()
  const signed = vi.spyOn(client, 'signIn').mockRejectedValueOnce(new Problem(401, 'key_invalid', 'The key is not valid', 'It is unknown.'))
  signed.mockResolvedValueOnce(undefined)
  const done = vi.fn()
  const root = document.createElement('div')
  render(<SignIn client={client} hint="" onDone={done} />, root)
  const field = root.querySelector('input') as HTMLInputElement
  const send = () => root.querySelector('form')?.dispatchEvent(new Event('submit', { cancelable: true }))
  field.value = ' twk_a_b '
  send()
  await vi.waitFor(() => expect(root.querySelector('[role=alert]')?.textContent).toBe('The key is not valid. Check that all of it was copied.'))
  expect(field.getAttribute('aria-invalid')).toBe('true')
  expect(done).not.toHaveBeenCalled()
  send()
  await vi.waitFor(() => expect(done).toHaveBeenCalledOnce())
  expect(signed).toHaveBeenCalledWith('twk_a_b')
})
