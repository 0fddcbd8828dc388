// A dry run of tables: their states as they come, and at the end what happened. The picture has who is seen.
import { useRef } from 'preact/hooks'
import type { DryRun, DryRunTable } from '../client'
import { useStore } from '../context'
import { elapsedOf, type DryRunning, type Begun } from '../dry-running'
import { displayName, tableName, tone } from '../format'
import { T } from '../texts'

const W = T.dryRun
const MINUTE_S = 60
const LONG_S = 300

interface PanelProps {
  dryRunning: DryRunning
  /** Why the tables as they are drawn cannot have one; empty: they can. */
  hindrance: string
  /** Whether they were drawn otherwise since it was begun. */
  changed: boolean
  onBegin: (seconds: number) => void
}

export function DryRunPanel({ dryRunning: { run, begun, running, busy, problem, forget }, hindrance, changed, onBegin }: PanelProps) {
  const title = useRef<HTMLHeadingElement>(null)
  const isDone = run !== null && !running
  const isLooking = run === null && running
  const leave = () => {
    title.current?.focus() // the button goes
    forget()
  }
  const cannot = busy || running || hindrance !== ''
  return (
    <section class="card" aria-labelledby="dry-run">
      <h2 id="dry-run" tabIndex={-1} ref={title}>{W.title}</h2>
      {run === null && !isLooking && <p class="muted">{W.text}</p>}
      {isLooking && <p>{W.looking}</p>}
      {run !== null && changed && <p class="callout">{W.changed}</p>}
      {run !== null && running && <Progress run={run} begun={begun} />}
      <div role="status">{isDone && <p>{run.sentence}</p>}</div>
      <div role="alert">{problem && <p class="callout error">{problem}</p>}</div>
      {run !== null && <ul class="dry-run">{run.tables.map((table) => <Outcome key={table.table_id} table={table} running={running} />)}</ul>}
      {hindrance && <p class="muted small">{hindrance}</p>}
      <div class="buttons">
        <button type="button" disabled={cannot} onClick={() => onBegin(MINUTE_S)}>{run ? W.again : W.begin}</button>
        {isDone && <button type="button" disabled={cannot} onClick={() => onBegin(LONG_S)}>{W.longer}</button>}
        {(run !== null || isLooking) && <button type="button" onClick={leave}>{running ? W.stop : W.close}</button>}
      </div>
      {isDone && <p class="muted small">{W.next}</p>}
    </section>
  )
}

function Progress({ run, begun }: { run: DryRun; begun: Begun | null }) {
  useStore().now.value // drawn again with the clock
  const { share, left } = elapsedOf(run, begun, Date.now())
  return (
    <>
      <progress max={1} value={share} aria-label={W.title} />
      <p>{left > 0 ? W.left(left) : W.ending} {W.looked(run.looked, run.pictures)}</p>
    </>
  )
}

function Outcome({ table, running }: { table: DryRunTable; running: boolean }) {
  const state = table.state?.state ?? null
  const people = table.state?.evidence.people ?? 0
  const states = table.transitions.map((each) => each.state)
  const before = states.at(-1) === state ? states.slice(0, -1) : states
  return (
    <li>
      <p class="row">
        <strong>{tableName(table.label)}</strong>
        <span class="chip" data-state={tone(state ?? 'unknown')}>{state === null ? (running ? W.waiting : W.nothing) : displayName(state)}</span>
      </p>
      {people > 0 && <p class="small">{T.state.guests(people)}</p>}
      {table.why && !(running && state === null) && <p class="muted small">{table.why}</p>}
      {before.length > 0 && <p class="muted small">{W.before(before.map((each) => displayName(each)))}</p>}
    </li>
  )
}
