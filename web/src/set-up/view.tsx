// The fourth step: how well the view serves the tables as they are drawn, and what to mend before they count.
import type { Camera, Layout } from '../client'
import { layoutOf, type Drawing } from '../drawing'
import type { DrawingBase } from '../drawing-base'
import { warningsOf } from '../drawing-warnings'
import { Picture, type Outline } from '../parts/picture'
import { ViewScoreCard } from '../parts/view-score'
import { T } from '../texts'
import { setUpAddress } from './addresses'
import { StepEnd } from './step-frame'

const W = T.setUp.view

interface ViewProps {
  camera: Camera
  picture: NonNullable<DrawingBase['picture']>
  drawing: Drawing
}

export function ViewStep({ camera, picture, drawing }: ViewProps) {
  const id = camera.camera_id
  const size: Layout['reference'] = { width: picture.width, height: picture.height }
  const warnings = warningsOf(drawing, size)
  return (
    <>
      <div class="page">
        <section class="middle" aria-label={T.editor.picture(outlinesOf(drawing).length)}>
          <figure><Picture size={size} frameId={null} url={picture.url} alt={T.editor.picture(outlinesOf(drawing).length)} tables={outlinesOf(drawing)} /></figure>
          <section class={`callout ${warnings.length > 0 ? 'warning' : ''}`} aria-labelledby="drawn-well">
            <h2 id="drawn-well">{warnings.length > 0 ? T.editor.warningsTitle : W.drawnWell}</h2>
            {warnings.length > 0 && <ul class="points">{warnings.map(({ text }) => <li key={text}>{text}</li>)}</ul>}
            <div class="buttons"><a class="button" href={setUpAddress(id, 'tables')}>{W.mend}</a></div>
          </section>
        </section>
        <div class="side">
          <ViewScoreCard camera={camera} drawn={layoutOf(drawing, size)} />
        </div>
      </div>
      <StepEnd back={setUpAddress(id, 'tables')} hindrance="" onNext={setUpAddress(id, 'try')} />
    </>
  )
}

/** The tables of a drawing as outlines on a picture, of which nothing is known. */
export function outlinesOf(drawing: Drawing): Outline[] {
  return drawing.filter(({ kind }) => kind === 'table').map(({ key, polygon, label }) => ({ id: key, polygon, state: 'unknown', text: label, short: label }))
}
