// Having tables suggested: stored pictures are looked at, which takes some seconds.
import { useEffect, useRef, useState } from 'preact/hooks'
import { Problem, type SuggestedLayout } from './client'
import { useStore } from './context'
import { T } from './texts'
import { problemText } from './words'

const EVERY_MS = 1000
/** Without one more picture looked at: what was looked at has to do. */
const STILL_MS = 60_000

export interface Suggesting {
  /** What is known so far; null: nobody has asked. */
  suggested: SuggestedLayout | null
  /** Whether pictures are looked at. */
  busy: boolean
  /** Why it was not begun. */
  problem: string
  /** Whether because there is no picture to look at. */
  noPictures: boolean
  begin: (minutes: number) => Promise<void>
}

export function useSuggesting(cameraId: string): Suggesting {
  const store = useStore()
  const [suggested, setSuggested] = useState<SuggestedLayout | null>(null)
  const [location, setLocation] = useState<string | null>(null)
  const [asking, setAsking] = useState(false)
  const [problem, setProblem] = useState('')
  const [noPictures, setNoPictures] = useState(false)
  const left = useRef(false)
  useEffect(() => () => void (left.current = true), [])

  useEffect(() => {
    if (location === null) return
    let over = false
    let timer: ReturnType<typeof setTimeout> | undefined
    let [looked, since] = [-1, Date.now()]
    const ask = async () => {
      const found = await store.client.suggestions(location).catch((error: unknown) => {
        if (error instanceof Problem && error.status === 401) store.fail(error)
        return null // is asked for again
      })
      if (over) return
      if (found) setSuggested(found)
      if (found && found.looked > looked) [looked, since] = [found.looked, Date.now()]
      if ((found && found.looked >= found.frames) || Date.now() - since > STILL_MS) return setLocation(null)
      timer = setTimeout(() => void ask(), EVERY_MS)
    }
    timer = setTimeout(() => void ask(), EVERY_MS)
    return () => {
      over = true
      clearTimeout(timer)
    }
  }, [location])

  const begin = async (minutes: number) => {
    setProblem('')
    setNoPictures(false)
    setSuggested(null)
    setAsking(true)
    try {
      const begun = await store.client.newSuggestions(cameraId, minutes)
      if (left.current) return
      setSuggested(begun.suggested)
      if (begun.suggested.looked < begun.suggested.frames) setLocation(begun.location)
    } catch (error) {
      if (error instanceof Problem && error.status === 401) store.fail(error)
      const none = error instanceof Problem && error.code === 'no_pictures'
      setNoPictures(none)
      if (!(error instanceof Problem && error.status === 401)) setProblem(none ? T.suggest.noPictures(minutes) : problemText(error))
    } finally {
      setAsking(false)
    }
  }
  return { suggested, busy: asking || location !== null, problem, noPictures, begin }
}
