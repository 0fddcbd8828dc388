// The fifth step: for a minute the pictures are judged with these tables, and nobody else hears of it.
import type { Camera, DryRun } from '../client'
import { digestOf, layoutOf, type Drawing } from '../drawing'
import type { DrawingBase } from '../drawing-base'
import { useDryRun } from '../dry-running'
import { displayName, tableName } from '../format'
import { DryRunPanel } from '../parts/dry-run'
import { Picture, type Outline } from '../parts/picture'
import { T } from '../texts'
import { setUpAddress } from './addresses'
import { StepEnd } from './step-frame'
import { outlinesOf } from './view'

interface TryProps {
  camera: Camera
  picture: NonNullable<DrawingBase['picture']>
  drawing: Drawing
}

export function TryStep({ camera, picture, drawing }: TryProps) {
  const id = camera.camera_id
  const dryRunning = useDryRun(id)
  const { run } = dryRunning
  const shown = run?.view ?? null
  const people = shown?.seen.filter(({ label }) => label === 'person').length ?? 0
  const size = { width: picture.width, height: picture.height }
  const begin = (seconds: number) => dryRunning.begin(layoutOf(drawing, size), digestOf(drawing), seconds)
  return (
    <>
      <div class="page">
        <section class="card picture" aria-label={T.editor.picture(outlinesOf(drawing).length)}>
          <Picture size={size} frameId={shown?.frame_id ?? null} url={shown?.url ?? picture.url} alt={T.editor.picture(outlinesOf(drawing).length)} tables={triedOutlines(drawing, run)} seen={shown?.seen ?? []} />
          <div class="caption"><p>{shown ? T.dryRun.seen(people) : T.setUp.try.before}</p></div>
        </section>
        <div class="side">
          <DryRunPanel dryRunning={dryRunning} hindrance="" changed={dryRunning.begun?.digest !== digestOf(drawing)} onBegin={begin} />
        </div>
      </div>
      <StepEnd back={setUpAddress(id, 'view')} next={run === null ? T.setUp.try.without : undefined} hindrance="" onNext={setUpAddress(id, 'name')} />
    </>
  )
}

/** Each with the state that it has in the dry run; tables that were not tried have none. */
export function triedOutlines(drawing: Drawing, run: Pick<DryRun, 'tables'> | null): Outline[] {
  return outlinesOf(drawing).map((outline) => {
    const state = run?.tables.find(({ label }) => label === outline.text)?.state?.state
    return state === undefined ? outline : { ...outline, state, text: `${tableName(outline.text)} · ${displayName(state)}` }
  })
}
