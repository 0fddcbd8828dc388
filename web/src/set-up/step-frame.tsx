// What all steps have: the list of them, a heading that has the focus, and at the end the way back and the way on.
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import type { Camera } from '../client'
import { address } from '../context'
import { T } from '../texts'
import { setUpAddress } from './addresses'
import { listed, STEPS, type Facts, type ListedStep, type Step } from './steps'

const W = T.setUp

interface FrameProps {
  step: Step
  /** Null: it is not registered yet. */
  camera: Camera | null
  /** Null: nothing is known of it yet. */
  facts: Facts | null
  children: ComponentChildren
}

export function StepFrame({ step, camera, facts, children }: FrameProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    scrollTo(0, 0) // the router does not where a step takes the place of another
    heading.current?.focus({ preventScroll: true })
  }, [step])
  return (
    <>
      <p class="row wrap">
        <a class="back" href={address('cameras')}>{T.cameras.all}</a>
        {camera && <span class="muted small">{W.leave}</span>}
      </p>
      <StepList steps={listed(step, facts)} camera={camera} />
      <header class="step-head">
        {camera && <p class="muted">{camera.name}</p>}
        <h1 tabIndex={-1} ref={heading}><span class="muted">{W.step(STEPS.indexOf(step) + 1, STEPS.length)}</span> {W.steps[step]}</h1>
        <p class="muted">{W.texts[step]}</p>
      </header>
      {children}
    </>
  )
}

/** Those that may be opened are links. On a phone it is numbers alone: the heading has the name. */
export function StepList({ steps, camera }: { steps: readonly ListedStep[]; camera: Camera | null }) {
  return (
    <nav aria-label={W.list}>
      <ol class="steps-list">
        {steps.map(({ step, isCurrent, isDone, isOpen }, at) => (
          <li key={step} aria-current={isCurrent ? 'step' : undefined} data-done={isDone}>
            <StepLink href={isOpen && camera ? setUpAddress(camera.camera_id, step) : null}>
              <span class="step-mark" aria-hidden="true">{isDone ? '✓' : at + 1}</span>
              <span class="step-name">{W.steps[step]}</span>
              {isDone && <span class="visually-hidden">{W.done}</span>}
            </StepLink>
          </li>
        ))}
      </ol>
    </nav>
  )
}

function StepLink({ href, children }: { href: string | null; children: ComponentChildren }) {
  return href === null ? <span class="step-link">{children}</span> : <a class="step-link" href={href}>{children}</a>
}

interface EndProps {
  /** Where it goes back to; null: nowhere. */
  back: string | null
  /** What the way on is called. */
  next?: string | undefined
  /** Why it cannot be taken; empty: it can. */
  hindrance: string
  /** Where it leads, or what it does. */
  onNext: string | (() => void)
  children?: ComponentChildren
}

export function StepEnd({ back, next = W.next, hindrance, onNext, children }: EndProps) {
  const { route } = useLocation()
  const go = () => {
    if (hindrance !== '') return
    if (typeof onNext === 'string') route(onNext)
    else onNext()
  }
  return (
    <section class="step-end" aria-label={W.onward}>
      <div role="status">{hindrance && <p id="hindrance" class="muted">{hindrance}</p>}</div>
      <div class="buttons">
        {back !== null && <a class="button" href={back}>{W.back}</a>}
        {children}
        <button type="button" class="primary" aria-disabled={hindrance !== ''} aria-describedby={hindrance ? 'hindrance' : undefined} onClick={go}>{next}</button>
      </div>
    </section>
  )
}
