// A request of a form.
import { useState } from 'preact/hooks'
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

