// Why a table is in its state: the pictures it was concluded from, the rule in a sentence, and its last states.
import { useEffect, useRef, useState } from 'preact/hooks'
import { stateKey, stateNow, type Client, type Layout, type Look, type StateTransition, type Why } from '../client'
import { useStore } from '../context'
import { clockTime, displayName, tableName, tone } from '../format'
import type { TableState } from '../generated/events'
import { T } from '../texts'
import { duration, lasting, lookSentence, newestOfEach, sentence, shortTime } from '../words'
import { cropOf, pointsOf } from './geometry'

const TRANSITIONS = 8

interface Known {
  why: Why
  layouts: ReadonlyMap<string, Layout>
  past: StateTransition[]
  /** Of a state without pictures of whole frames: what is left of its evidence. */
  left: string | null
}

/** Instead of the live table: what a run shows of it. */
interface OfRun {
  runId: string
  /** What people call the table. */
  name: string
  /** When the run's media time is 0, ms; null: not known. */
  origin: number | null
}

interface WhyProps {
  tableId: string
  run?: OfRun
  /** When it was closed, however that was. */
  onClose: () => void
}

export function WhyDialog({ tableId, run, onClose }: WhyProps) {
  const store = useStore()
  const dialog = useRef<HTMLDialogElement>(null)
  const [known, setKnown] = useState<Known | null>(null)
  const [problem, setProblem] = useState('')
  const runId = run?.runId ?? null
  const record = store.view.value.states.get(stateKey({ table_id: tableId, run_id: runId })) ?? null
  useEffect(() => dialog.current?.showModal(), [])
  useEffect(() => {
    let left = false
    ask(store.client, tableId, runId).then(
      (found) => left || setKnown(found),
      (error: unknown) => left || setProblem(error instanceof Error ? error.message : String(error)),
    )
    return () => void (left = true)
  }, [tableId, record?.since])

  const table = store.tables.value.find((each) => each.table_id === tableId)
  const name = run?.name ?? (table ? tableName(table.label) : T.someTable)
  const now = store.now.value
  const at = (time: string) => (run && run.origin !== null ? clockTime(Date.parse(time) - run.origin) : shortTime(time, now))
  const closeBeside = (event: MouseEvent) => {
    if (event.target === dialog.current) dialog.current?.close()
  }
  return (
    <dialog class="why-dialog" ref={dialog} aria-labelledby="why-title" onClose={onClose} onClick={closeBeside}>
      <div class="why-body">
        <div class="head">
          <h2 id="why-title">{name}</h2>
          <button type="button" onClick={() => dialog.current?.close()}>{T.close}</button>
        </div>
        <State record={record} now={now} />
        {problem && <p class="error" role="alert">{problem}</p>}
        {!known && !problem && <p class="muted" role="status">{T.loading}</p>}
        {known && <Pictures known={known} at={at} />}
        {known && <Past past={known.past} at={at} lasted={run ? clockTime : (ms) => duration(ms, T.time.moment)} />}
      </div>
    </dialog>
  )
}

async function ask(client: Client, tableId: string, runId: string | null): Promise<Known> {
  const [why, past] = await Promise.all([client.why(tableId, runId), client.stateHistory({ tableId, runId, limit: TRANSITIONS })])
  const wanted = new Map(why.looks.map((look) => [layoutKey(look), look]))
  const layouts = new Map<string, Layout>()
  await Promise.all(
    [...wanted].map(async ([key, { camera_id, layout_version }]) => {
      const layout = camera_id === null ? null : await client.layout(camera_id, layout_version).catch(() => null)
      if (layout) layouts.set(key, layout)
    }),
  )
  const evidence = why.looks.length ? undefined : why.state?.evidence.evidence_ids[0]
  const link = evidence === undefined ? null : await client.link({ evidence_id: evidence, table_id: tableId, run_id: runId }).catch(() => null)
  return { why, layouts, past, left: link?.url ?? null }
}

const layoutKey = (look: Look) => `${look.camera_id}/${look.layout_version}`

function State({ record, now }: { record: TableState | null; now: number }) {
  const each = { record, state: record === null ? 'unknown' : stateNow(record, now) }
  return (
    <p class="why-state" data-state={tone(each.state)}>
      <span class="chip">{displayName(each.state)}</span> {record?.run_id === null && lasting(each, now)}
      <br />
      {sentence(each)}
    </p>
  )
}

type At = (time: string) => string

function Pictures({ known: { why, layouts, left }, at }: { known: Known; at: At }) {
  const { cameras } = useStore()
  if (why.looks.length === 0) {
    return left === null ? <p class="muted">{T.why.noPictures}</p> : <img class="evidence" src={left} alt={T.why.evidence} />
  }
  return (
    <ul class="looks">
      {newestOfEach(why.looks).map((look) => (
        <li key={look.frame_id}>
          <Shown look={look} layout={layouts.get(layoutKey(look)) ?? null} />
          <p>{lookSentence(look)}</p>
          <p class="muted small">
            {cameras.value.find((camera) => camera.camera_id === look.camera_id)?.name ?? T.why.someCamera}, {at(look.captured_at)}
          </p>
        </li>
      ))}
    </ul>
  )
}

/** The part of the frame with the table, its outline, and who was seen. */
function Shown({ look, layout }: { look: Look; layout: Layout | null }) {
  const [gone, setGone] = useState(false)
  if (gone) return <p class="muted small">{T.why.pictureGone}</p>
  const zone = layout?.tables.find((table) => table.table_id === look.table_id)?.polygon
  if (!layout || !zone) return <img class="evidence" src={look.url} alt={T.why.evidence} onError={() => setGone(true)} />
  const { width, height } = layout.reference
  const crop = cropOf(zone, look.seen.map((each) => each.box), layout.reference)
  const [, , wide, high] = crop
  return (
    <svg class="evidence" style={{ aspectRatio: `${wide} / ${high}`, width: `min(100%, ${(22 * wide) / high}rem)` }} role="img" aria-label={`${T.why.evidence}: ${lookSentence(look)}`} viewBox={crop.join(' ')}>
      <image href={look.url} width={width} height={height} preserveAspectRatio="none" onError={() => setGone(true)} />
      <polygon class="zone" points={pointsOf(zone, layout.reference)} vector-effect="non-scaling-stroke" />
      {look.seen.map(({ label, box: [left, top, right, bottom], doubtful }, index) => (
        <rect
          key={index}
          class={label === 'person' ? 'who' : 'what'}
          data-doubtful={doubtful}
          x={left * width}
          y={top * height}
          width={(right - left) * width}
          height={(bottom - top) * height}
          vector-effect="non-scaling-stroke"
        />
      ))}
    </svg>
  )
}

function Past({ past, at, lasted }: { past: readonly StateTransition[]; at: At; lasted: (ms: number) => string }) {
  return (
    <section aria-labelledby="why-past">
      <h3 id="why-past">{T.why.past}</h3>
      {past.length === 0 && <p class="muted">{T.why.noPast}</p>}
      <ol class="past">
        {past.map((each) => (
          <li key={each.since + each.state} class="was" data-state={tone(each.state)}>
            <time class="mono" dateTime={each.since}>{at(each.since)}</time>
            <span class="chip">{displayName(each.state)}</span>
            <span class="muted small">{each.duration_ms === null ? T.why.untilNow : T.why.lasted(lasted(each.duration_ms))}</span>
          </li>
        ))}
      </ol>
    </section>
  )
}
