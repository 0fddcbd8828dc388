// What is drawn, with its steps, for a view.
import { useRef, useState } from 'preact/hooks'
import { begun, done, type Drawing, type History } from './drawing'

export interface Drawn {
  history: History
  /** Made of what was drawn last: a view that waits to be drawn shows less than that. */
  put: (make: (latest: History) => History) => void
  /** As `put`, and one step that can be undone. */
  step: (make: (latest: Drawing) => Drawing) => void
  latest: () => Drawing
}

export function useHistory(first: Drawing): Drawn {
  const [history, setHistory] = useState(() => begun(first))
  const latest = useRef(history)
  const put = (make: (latest: History) => History) => {
    latest.current = make(latest.current)
    setHistory(latest.current)
  }
  const step = (make: (latest: Drawing) => Drawing) => put((known) => done(known, make(known.now)))
  return { history, put, step, latest: () => latest.current.now }
}
