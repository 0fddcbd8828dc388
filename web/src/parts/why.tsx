// Why a table is in its state: the pictures it was concluded from, the rule in a sentence, and its last states.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Client, Layout, Look, StateTransition, Why } from '../client'
import { useStore } from '../context'
import { displayName, tableName, tone } from '../format'
import { T } from '../texts'
import { duration, lasting, lookSentence, sentence, shortTime, tableNow } from '../words'
import { cropOf, pointsOf } from './geometry'

const TRANSITIONS = 8

interface Known {
  why: Why
  layouts: ReadonlyMap<string, Layout>
  past: StateTransition[]
  /** Of a state without pictures of whole frames: what is left of its evidence. */
  left: string | null
}

/** A dialog; `onClose` when it was closed, however that was. */
export function WhyDialog({ tableId, onClose }: { tableId: string; onClose: () => void }) {
  const store = useStore()
  const dialog = useRef<HTMLDialogElement>(null)
  const [known, setKnown] = useState<Known | null>(null)
  const [problem, setProblem] = useState('')
  const record = store.view.value.states.get(tableId) ?? null
  useEffect(() => dialog.current?.showModal(), [])
  useEffect(() => {
    let left = false
    ask(store.client, tableId).then(
      (found) => left || setKnown(found),
      (error: unknown) => left || setProblem(error instanceof Error ? error.message : String(error)),
    )
    return () => void (left = true)
  }, [tableId, record?.since])

  const table = store.tables.value.find((each) => each.table_id === tableId)
  const now = store.now.value
  const closeBeside = (event: MouseEvent) => {
    if (event.target === dialog.current) dialog.current?.close()
  }
  return (
    <dialog class="why-dialog" ref={dialog} aria-labelledby="why-title" onClose={onClose} onClick={closeBeside}>
      <div class="why-body">
        <div class="head">
          <h2 id="why-title">{table ? tableName(table.label) : T.someTable}</h2>
          <button type="button" onClick={() => dialog.current?.close()}>{T.close}</button>
        </div>
        {table && <State {...tableNow(table, record, now)} now={now} />}
        {problem && <p class="error" role="alert">{problem}</p>}
        {!known && !problem && <p class="muted" role="status">{T.loading}</p>}
        {known && <Pictures known={known} />}
        {known && <Past past={known.past} />}
      </div>
    </dialog>
  )
}

async function ask(client: Client, tableId: string): Promise<Known> {
  const [why, past] = await Promise.all([client.why(tableId), client.stateHistory({ tableId, runId: null, limit: TRANSITIONS })])
  const wanted = new Map(why.looks.map((look) => [layoutKey(look), look]))
  const layouts = new Map<string, Layout>()
  await Promise.all(
    [...wanted].map(async ([key, { camera_id, layout_version }]) => {
      const layout = camera_id === null ? null : await client.layout(camera_id, layout_version).catch(() => null)
      if (layout) layouts.set(key, layout)
    }),
  )
  const evidence = why.looks.length ? undefined : why.state?.evidence.evidence_ids[0]
  const link = evidence === undefined ? null : await client.link({ evidence_id: evidence, table_id: tableId, run_id: null }).catch(() => null)
  return { why, layouts, past, left: link?.url ?? null }
}

const layoutKey = (look: Look) => `${look.camera_id}/${look.layout_version}`

function State(each: ReturnType<typeof tableNow> & { now: number }) {
  return (
    <p class="why-state" data-state={tone(each.state)}>
      <span class="chip">{displayName(each.state)}</span> {lasting(each, each.now)}
      <br />
      {sentence(each)}
    </p>
  )
}

function Pictures({ known: { why, layouts, left } }: { known: Known }) {
  const { cameras, now } = useStore()
  if (why.looks.length === 0) {
    return left === null ? <p class="muted">{T.why.noPictures}</p> : <img class="evidence" src={left} alt={T.why.evidence} />
  }
  return (
    <ul class="looks">
      {why.looks.map((look) => (
        <li key={look.frame_id}>
          <Shown look={look} layout={layouts.get(layoutKey(look)) ?? null} />
          <p>{lookSentence(look)}</p>
          <p class="muted small">
            {cameras.value.find((camera) => camera.camera_id === look.camera_id)?.name ?? T.why.someCamera}, {shortTime(look.captured_at, now.value)}
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
  return (
    <svg class="evidence" role="img" aria-label={`${T.why.evidence}: ${lookSentence(look)}`} viewBox={crop.join(' ')}>
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

function Past({ past }: { past: readonly StateTransition[] }) {
  const { now } = useStore()
  return (
    <section aria-labelledby="why-past">
      <h3 id="why-past">{T.why.past}</h3>
      {past.length === 0 && <p class="muted">{T.why.noPast}</p>}
      <ol class="past">
        {past.map((each) => (
          <li key={each.since + each.state} class="was" data-state={tone(each.state)}>
            <time class="mono" dateTime={each.since}>{shortTime(each.since, now.value)}</time>
            <span class="chip">{displayName(each.state)}</span>
            <span class="muted small">{each.duration_ms === null ? T.why.untilNow : T.why.lasted(duration(each.duration_ms))}</span>
          </li>
        ))}
      </ol>
    </section>
  )
}
