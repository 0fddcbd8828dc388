// Signing in: exchanges a key for a session cookie.
import { Client, Problem } from '../client'
import { h, setText, setVisible } from '../dom'

/** Shows the form in `root` until a key was accepted. */
export function signIn(root: HTMLElement, client: Client, hint = ''): Promise<void> {
  return new Promise((resolve) => {
    const field = h('input', {
      id: 'key',
      name: 'key',
      type: 'password',
      required: true,
      autocomplete: 'current-password',
      spellcheck: 'false',
      placeholder: 'twk_…',
      'aria-describedby': 'key-help key-error',
    })
    const error = h('p', { id: 'key-error', class: 'error', role: 'alert' })
    const button = h('button', { class: 'primary', type: 'submit' }, 'Sign in')
    const form = h(
      'form',
      { class: 'signin card', onsubmit: (event: SubmitEvent) => void submit(event) },
      h('h1', { class: 'wordmark' }, h('span', { class: 'mark', 'aria-hidden': 'true' }), 'tablewatch'),
      h('p', { class: 'muted' }, hint || 'Which table is free, right now, and why.'),
      h('label', { for: 'key' }, 'API key'),
      field,
      h('p', { id: 'key-help', class: 'muted small' }, 'make run prints one. It is exchanged for a cookie and not stored.'),
      error,
      button,
    )
    setVisible(error, false)
    root.replaceChildren(h('main', { class: 'signin-page' }, form))
    field.focus()

    const submit = async (event: SubmitEvent) => {
      event.preventDefault()
      button.disabled = true
      setVisible(error, false)
      try {
        await client.signIn(field.value.trim())
        resolve()
      } catch (problem) {
        const refused = problem instanceof Problem && (problem.status === 401 || problem.status === 422)
        setText(error, refused ? `${problem.title}. Check that all of it was copied.` : String((problem as Error).message))
        setVisible(error, true)
        markInvalid(field)
      } finally {
        button.disabled = false
      }
    }
  })
}

function markInvalid(field: HTMLInputElement): void {
  field.setAttribute('aria-invalid', 'true')
  field.select()
}
