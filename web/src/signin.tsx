// Signing in: exchanges a key for a session cookie. In the middle, it is asked for above the page, which stays as it is.
import { useEffect, useRef, useState } from 'preact/hooks'
import { Problem, type Client } from './client'
import { T } from './texts'

interface SignInProps {
  client: Client
  hint: string
  onDone: () => void
}

/** Above all that the page shows, and in place of it: the view below keeps what was typed, and the focus comes back to it. */
export function SignInAgain(props: SignInProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const shown = dialog.current
    shown?.showModal()
    return () => shown?.close()
  }, [])
  const stay = ({ currentTarget }: { currentTarget: HTMLDialogElement }) => currentTarget.isConnected && currentTarget.showModal()
  return (
    <dialog class="signin-again" ref={dialog} aria-label={T.signIn.submit} onCancel={(event) => event.preventDefault()} onClose={stay}>
      <SignIn {...props} />
    </dialog>
  )
}

export function SignIn({ client, hint, onDone }: SignInProps) {
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
    <div class="signin-page">
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
    </div>
  )
}
