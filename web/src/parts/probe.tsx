// What came of trying a camera: its picture and what it sends, or why it cannot be read.
import { useEffect, useRef } from 'preact/hooks'
import type { Probe } from '../client'
import { useStore } from '../context'
import type { Probing } from '../probing'
import { T } from '../texts'
import { probeFacts } from '../words'

/** Says where it stands, also to who does not see it. */
export function ProbeCard({ probing, children }: { probing: Probing; children?: preact.ComponentChildren }) {
  const { probe, busy, problem } = probing
  const card = useRef<HTMLElement>(null)
  // On a phone it is below what is seen.
  useEffect(() => card.current?.scrollIntoView?.({ block: 'nearest' }), [busy])
  if (!busy && !problem && !probe) return null
  return (
    <section class="card" aria-labelledby="probe" ref={card}>
      <h2 id="probe">{busy ? T.probe.title : probe?.status === 'done' ? T.probe.works : T.probe.fails}</h2>
      <div role="status">
        {busy && <p>{T.probe.asking}</p>}
        {problem && !busy && <p class="callout error">{problem}</p>}
        {!busy && probe?.error && <p class="callout error">{probe.error.reason} ({probe.error.code})</p>}
      </div>
      {busy && <Waited probe={probe} />}
      {!busy && probe?.status === 'done' && <Found probe={probe} />}
      {!busy && children}
    </section>
  )
}

/** How much of the time is over in which there is an answer. */
function Waited({ probe }: { probe: Probe | null }) {
  useStore().now.value // drawn again with the clock
  const [begun, ends] = probe ? [Date.parse(probe.requested_at), Date.parse(probe.expires_at)] : [0, 0]
  const share = probe ? Math.min(1, Math.max(0, (Date.now() - begun) / (ends - begun))) : 0
  return <progress max={1} value={share} aria-label={T.probe.title} />
}

function Found({ probe }: { probe: Probe }) {
  if (!probe.found) return null
  const { width, height } = probe.found
  return (
    <div class="found">
      {probe.snapshot_url && <img src={probe.snapshot_url} alt={T.probe.pictureOf} width={width} height={height} />}
      <dl class="facts">
        {probeFacts(probe.found).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  )
}
