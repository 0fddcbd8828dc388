// Tables that are tried: their states as they come, and at the end what happened. The picture has who is seen.
import type { DryRun, DryRunTable } from '../client'
import { useStore } from '../context'
import type { DryRunning } from '../dry-running'
import { displayName, tableName, tone } from '../format'
import { T } from '../texts'

const W = T.dryRun
const MINUTE_S = 60
const LONG_S = 300

interface PanelProps {
  trying: DryRunning
  /** Why the tables cannot be tried as they are; empty: they can. */
  hindrance: string
  /** Whether they were drawn otherwise since it was begun. */
  changed: boolean
  onBegin: (seconds: number) => void
}

export function DryRunPanel({ trying: { run, running, busy, problem, forget }, hindrance, changed, onBegin }: PanelProps) {
  const isDone = run !== null && !running
  const cannot = busy || running || hindrance !== ''
  return (
    <section class="card" aria-labelledby="dry-run">
      <h2 id="dry-run">{W.title}</h2>
      {run === null && <p class="muted">{W.text}</p>}
      {run !== null && changed && <p class="callout">{W.changed}</p>}
      {run !== null && running && <Progress run={run} />}
      <div role="status">{isDone && <p>{run.sentence}</p>}</div>
      <div role="alert">{problem && <p class="callout error">{problem}</p>}</div>
      {run !== null && <ul class="tried">{run.tables.map((table) => <Tried key={table.table_id} table={table} running={running} />)}</ul>}
      {hindrance && <p class="muted small">{hindrance}</p>}
      <div class="buttons">
        <button type="button" disabled={cannot} onClick={() => onBegin(MINUTE_S)}>{run ? W.again : W.begin}</button>
        {isDone && <button type="button" disabled={cannot} onClick={() => onBegin(LONG_S)}>{W.longer}</button>}
        {run !== null && <button type="button" onClick={forget}>{running ? W.stop : W.close}</button>}
      </div>
      {isDone && <p class="muted small">{W.next}</p>}
    </section>
  )
}

function Progress({ run }: { run: DryRun }) {
  useStore().now.value // drawn again with the clock
  const [begun, until] = [Date.parse(run.began_at), Date.parse(run.until)]
  const left = Math.max(0, Math.ceil((until - Date.now()) / 1000))
  return (
    <>
      <progress max={1} value={Math.min(1, Math.max(0, (Date.now() - begun) / (until - begun)))} aria-label={W.title} />
      <p>{left > 0 ? W.left(left) : W.ending} {W.looked(run.looked, run.pictures)}</p>
    </>
  )
}

function Tried({ table, running }: { table: DryRunTable; running: boolean }) {
  const state = table.state?.state ?? null
  const people = table.state?.evidence.people ?? 0
  return (
    <li>
      <p class="row">
        <strong>{tableName(table.label)}</strong>
        <span class="chip" data-state={tone(state ?? 'unknown')}>{state === null ? (running ? W.waiting : W.nothing) : displayName(state)}</span>
      </p>
      {people > 0 && <p class="small">{T.state.guests(people)}</p>}
      {table.why && !(running && state === null) && <p class="muted small">{table.why}</p>}
      {table.transitions.length > 1 && <p class="muted small">{W.before(table.transitions.map((each) => displayName(each.state)))}</p>}
    </li>
  )
}
