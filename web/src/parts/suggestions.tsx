// Tables that are suggested for a camera, to accept or to dismiss; those on show lie dashed over the picture.
import { useRef } from 'preact/hooks'
import type { SuggestedTable } from '../client'
import type { Suggesting } from '../suggesting'
import { T } from '../texts'

const W = T.suggest
const MINUTES = 10
const FURTHER_MIN = 60

/** A suggestion that is not decided on yet. `at`: its place among all. */
export interface OpenSuggestion {
  at: number
  table: SuggestedTable
}

interface PanelProps {
  suggesting: Suggesting
  open: readonly OpenSuggestion[]
  /** How many lie where a table is drawn already. */
  drawnAlready: number
  onAccept: (some: readonly OpenSuggestion[]) => void
  onDismiss: (some: readonly OpenSuggestion[]) => void
  /** What there is to know of what was found. */
  note?: string | undefined
}

export function SuggestionsPanel({ suggesting: { suggested, busy, problem, noPictures, begin }, open, drawnAlready, onAccept, onDismiss, note }: PanelProps) {
  const title = useRef<HTMLHeadingElement>(null)
  const isOver = suggested !== null && !busy
  const isEarly = noPictures && note !== undefined // in a set-up it is no fault
  const isEmpty = isOver && suggested.tables.length === 0
  const toTitle = () => title.current?.focus()
  return (
    <section class="card" aria-labelledby="suggested">
      <h2 id="suggested" tabIndex={-1} ref={title}>{W.title}</h2>
      <p class="visually-hidden" role="status">{busy ? W.begun : isOver && W.ended(suggested.tables.length)}</p>
      {!isOver && !busy && <p class="muted">{W.text}</p>}
      {busy && suggested && <progress max={suggested.frames} value={suggested.looked} aria-label={W.title} />}
      {busy && <p>{suggested ? W.looked(suggested.looked, suggested.frames) : W.asking}</p>}
      {isEmpty && <p class="callout">{W.none(suggested.looked)}</p>}
      {isOver && suggested.tables.length > 0 && <p>{W.found(suggested.tables.length, open.length, drawnAlready, suggested.looked)}</p>}
      <div role="alert">{problem && !isEarly && <p class="callout error">{problem}</p>}</div>
      <div role="status">{isEarly && <p class="callout">{T.setUp.noPictures}</p>}</div>
      {note && !isEarly && (isOver || problem) && <p class="muted small">{note}</p>}
      {open.length > 1 && (
        <div class="buttons">
          <button type="button" class="primary" onClick={() => { toTitle(); onAccept(open) }}>{W.acceptAll(open.length)}</button>
          <button type="button" onClick={() => { toTitle(); onDismiss(open) }}>{W.dismissAll}</button>
        </div>
      )}
      {open.length > 0 && <ol class="suggestions">{open.map((each) => <Suggestion key={each.at} suggestion={each} onAccept={onAccept} onDismiss={onDismiss} onLast={toTitle} />)}</ol>}
      <div class="buttons">
        <button type="button" disabled={busy} onClick={() => void begin(MINUTES)}>{suggested || problem ? W.again : W.ask}</button>
        {(isEmpty || problem) && <button type="button" disabled={busy} onClick={() => void begin(FURTHER_MIN)}>{W.further}</button>}
      </div>
    </section>
  )
}

interface SuggestionProps extends Pick<PanelProps, 'onAccept' | 'onDismiss'> {
  suggestion: OpenSuggestion
  /** It is decided on, and no other one is left. */
  onLast: () => void
}

function Suggestion({ suggestion, onAccept, onDismiss, onLast }: SuggestionProps) {
  const item = useRef<HTMLLIElement>(null)
  /** The button goes: the same one of another suggestion is next. */
  const toNext = (button: 'accept' | 'dismiss') => {
    const other = item.current?.nextElementSibling ?? item.current?.previousElementSibling
    const next = other?.querySelector<HTMLElement>(`[data-does=${button}]`)
    if (next) next.focus()
    else onLast()
  }
  const name = W.name(suggestion.table.label)
  const of = <span class="visually-hidden"> {name}</span>
  return (
    <li ref={item}>
      <p><strong>{name}</strong> <span class="muted small">{W.right(suggestion.table.confidence)}</span></p>
      <p class="small">{suggestion.table.why}</p>
      <div class="buttons">
        <button type="button" data-does="accept" onClick={() => { toNext('accept'); onAccept([suggestion]) }}>{W.accept}{of}</button>
        <button type="button" data-does="dismiss" onClick={() => { toNext('dismiss'); onDismiss([suggestion]) }}>{W.dismiss}{of}</button>
      </div>
    </li>
  )
}
