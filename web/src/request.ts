// A request of a form.
import { useRef, useState } from 'preact/hooks'
import { Problem } from './client'
import { useStore } from './context'
import { problemText } from './words'

export interface Sending {
  busy: boolean
  /** Why the last one was refused. */
  problem: string
  send: (request: () => Promise<unknown>) => Promise<void>
}

/** One request at a time; why the last one was refused. */
export function useSending(): Sending {
  const store = useStore()
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const send = async (request: () => Promise<unknown>) => {
    setBusy(true)
    setProblem('')
    try {
      await request()
    } catch (error) {
      if (error instanceof Problem && error.status === 401) store.fail(error)
      else setProblem(problemText(error))
    } finally {
      setBusy(false)
    }
  }
  return { busy, problem, send }
}

/** A text for each request: sent again after an answer that was lost, it is the same request. */
export function useOnce(): (request: string) => string {
  const known = useRef({ request: '', text: '' })
  return (request) => {
    if (known.current.request !== request) known.current = { request, text: randomText() }
    return known.current.text
  }
}

export function randomText(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((each) => each.toString(16).padStart(2, '0')).join('')
}

