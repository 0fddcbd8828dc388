// The layout that is proposed for a camera that was moved: before and after, to be accepted, dismissed or left.
import { useEffect, useState } from 'preact/hooks'
import { Problem, type Camera, type Layout, type LayoutProposal, type LayoutTable } from '../client'
import { useStore } from '../context'
import { tableName } from '../format'
import { moveOf, precisionOf } from '../proposal'
import { useSending } from '../request'
import { remember, remembered } from '../remembered'
import { T } from '../texts'
import { Picture } from './picture'

const W = T.proposal

interface Proposed {
  proposal: LayoutProposal
  /** The layout that it was made from. */
  before: Layout
}

/** Nothing while the camera is not moved. Loaded again when another one is proposed. */
export function ProposalCard({ camera }: { camera: Camera }) {
  const store = useStore()
  const id = camera.camera_id
  const status = store.view.value.cameras.get(id)
  const named = status?.layout_proposal?.proposal_id ?? null
  const [found, setFound] = useState<Proposed | null>(null)
  const [done, setDone] = useState<string | null>(null)
  useEffect(() => {
    let left = false
    setFound(null)
    if (named !== null) load(store.client, id).then((all) => !left && setFound(all), (error: unknown) => !left && store.fail(error))
    return () => void (left = true)
  }, [id, named])
  useEffect(() => setDone(null), [named])
  if (done !== null) return <p class="notice" role="status">{done}</p>
  if (found === null || named === null) return null
  const transform = status?.layout_proposal?.transform ?? null
  return <Shown key={found.proposal.proposal_id} camera={camera} found={found} transform={transform} onDecided={setDone} />
}

async function load(client: ReturnType<typeof useStore>['client'], cameraId: string): Promise<Proposed | null> {
  const proposal = await client.layoutProposal(cameraId)
  return proposal && { proposal, before: await client.layout(cameraId, proposal.layout_version) }
}

interface ShownProps {
  camera: Camera
  found: Proposed
  transform: readonly number[] | null
  /** With what there is to say then. */
  onDecided: (text: string) => void
}

function Shown({ camera, found, transform, onDecided }: ShownProps) {
  const store = useStore()
  const { busy, problem, send } = useSending()
  const [later, setLater] = useState(() => isLater(found.proposal.proposal_id))
  const { proposal, before } = found
  const { reference, tables, floor, ignore } = proposal
  const layout = reference && tables && floor && ignore ? { reference, tables, floor, ignore } : null
  const postpone = (yes: boolean) => {
    setLater(yes)
    rememberLater(proposal.proposal_id, yes)
  }
  if (later) return <p><button type="button" onClick={() => postpone(false)}>{W.show}</button></p>
  const decide = (ask: () => Promise<unknown>, text: string) =>
    void send(async () => {
      try {
        await ask()
      } catch (error) {
        throw error instanceof Problem && error.code === 'layout_proposal_not_found' ? new Error(W.conflict) : error
      }
      onDecided(text)
    })
  const accept = () => decide(() => store.client.acceptProposal(camera.camera_id, proposal.proposal_id), W.accepted)
  const dismiss = () => decide(() => store.client.dismissProposal(camera.camera_id, proposal.proposal_id), W.dismissed)
  const lost = before.tables.filter((table) => proposal.lost_table_ids.includes(table.table_id))
  return (
    <section class="card" aria-labelledby="proposal">
      <h2 id="proposal">{layout ? W.title : W.noneTitle}</h2>
      <p>{proposal.reason}{proposal.code !== null && <span class="muted"> ({proposal.code})</span>}</p>
      <div class="pair">
        <Half title={W.before} url={proposal.before_url} size={before.reference} tables={before.tables} />
        <Half title={layout ? W.after : W.now} url={proposal.after_url} size={reference ?? before.reference} tables={tables ?? []} />
      </div>
      {layout && (
        <ul class="points">
          {transform && <li>{W.moved(moveOf(before, transform), before.reference.width)}</li>}
          <li>{W.precise(precisionOf(layout.reference.width), layout.reference.width)}</li>
          {lost.length > 0 && <li><strong>{W.lost(lost.map((table) => tableName(table.label)).join(', '))}</strong></li>}
        </ul>
      )}
      <div role="alert">{problem && <p class="callout error">{problem}</p>}</div>
      {store.may('write') && (
        <div class="buttons">
          {layout && <button type="button" class="primary" disabled={busy} onClick={accept}>{W.accept}</button>}
          <button type="button" disabled={busy} onClick={dismiss}>{W.dismiss}</button>
          <button type="button" onClick={() => postpone(true)}>{W.later}</button>
        </div>
      )}
    </section>
  )
}

interface HalfProps {
  title: string
  url: string
  size: { width: number; height: number }
  tables: readonly LayoutTable[]
}

function Half({ title, url, size, tables }: HalfProps) {
  const outlines = tables.map(({ table_id, polygon, label }) => ({ id: table_id, polygon, state: 'unknown', text: label }))
  return (
    <figure>
      <figcaption>{title}</figcaption>
      <Picture size={size} frameId={url} url={url} alt={W.pictureOf(title, tables.length)} tables={outlines} />
    </figure>
  )
}

const LATER = 'later/'

function isLater(proposalId: string): boolean {
  return remembered(LATER + proposalId) !== null
}

function rememberLater(proposalId: string, yes: boolean): void {
  remember(LATER + proposalId, yes ? '1' : null)
}
