// Signing in: exchanges a key for a session cookie.
import { useEffect, useRef, useState } from 'preact/hooks'
import { Problem, type Client } from './client'
import { T } from './texts'

export function SignIn({ client, hint, onDone }: { client: Client; hint: string; onDone: () => void }) {
  const [problem, setProblem] = useState('')
  const [busy, setBusy] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => field.current?.focus(), [])

  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    setBusy(true)
    setProblem('')
    try {
      await client.signIn(field.current?.value.trim() ?? '')
      onDone()
    } catch (error) {
      const refused = error instanceof Problem && (error.status === 401 || error.status === 422)
      setProblem(refused ? T.signIn.refused(error.title) : String((error as Error).message))
      field.current?.select()
    } finally {
      setBusy(false)
    }
  }

  return (
    <main class="signin-page">
      <form class="signin card" onSubmit={(event) => void submit(event)}>
        <h1 class="wordmark"><span class="mark" aria-hidden="true" />{T.name}</h1>
        <p class="muted">{hint || T.promise}</p>
        <label for="key">{T.signIn.key}</label>
        <input
          id="key"
          name="key"
          type="password"
          required
          autocomplete="current-password"
          spellcheck={false}
          placeholder="twk_…"
          aria-describedby="key-help key-error"
          aria-invalid={problem !== ''}
          ref={field}
        />
        <p id="key-help" class="muted small">{T.signIn.help}</p>
        <div id="key-error" role="alert">{problem && <p class="error">{problem}</p>}</div>
        <button class="primary" type="submit" disabled={busy}>{T.signIn.submit}</button>
      </form>
    </main>
  )
}
