// @vitest-environment jsdom
import { render } from 'preact'
import { act } from 'preact/test-utils'
import { expect, it, vi } from 'vitest'
import { Client, Problem } from '../src/client'
import { SignIn, SignInAgain } from '../src/signin'

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

it('stands above the page until somebody has signed in, and is closed then, so that the focus goes back', () => {
  const [shown, closed] = [vi.fn(), vi.fn()]
  Object.assign(HTMLDialogElement.prototype, { showModal: shown, close: closed })
  const root = document.body.appendChild(document.createElement('div'))
  void act(() => render(<SignInAgain client={new Client()} hint="Sign in again." onDone={() => undefined} />, root))
  const dialog = root.querySelector('dialog') as HTMLDialogElement
  const cancelled = new Event('cancel', { cancelable: true })
  dialog.dispatchEvent(cancelled)
  dialog.dispatchEvent(new Event('close'))
  expect([cancelled.defaultPrevented, shown.mock.calls.length]).toEqual([true, 2])
  void act(() => render(null, root))
  dialog.dispatchEvent(new Event('close'))
  expect([closed.mock.calls.length, shown.mock.calls.length]).toEqual([1, 2])
})
