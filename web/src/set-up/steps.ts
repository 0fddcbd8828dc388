// The steps from an address to live states: where somebody stands in them, and what is still missing. Pure: it follows from
// the camera, its picture and what is drawn, so that nothing of it has to be remembered.
import type { Camera } from '../client'
import { faultOf, type Drawing } from '../drawing'
import type { CameraStatus } from '../generated/events'

/** In their order. The first is of a camera that is not registered yet. */
export const STEPS = ['connect', 'picture', 'tables', 'view', 'try', 'name'] as const
export type Step = (typeof STEPS)[number]

/** What comes after the last step: everything is saved. */
export const LIVE = 'live'

export interface Facts {
  /** Whether a good picture has come. */
  hasPicture: boolean
  /** What is drawn, saved or not. */
  drawing: Drawing
  /** Whether an outline is drawn just now. */
  isSketching: boolean
}

/** Why the next step cannot be taken. */
export type Hindrance = 'picture' | 'paused' | 'tables' | 'fault' | 'sketch'

export function isStep(name: string): name is Step {
  return (STEPS as readonly string[]).includes(name)
}

/** Whether pictures are to come of it, and its tables were never saved. */
export function isUnfinished({ capture, layout_version }: Camera): boolean {
  return capture?.state === 'captured' && layout_version === null
}

export function hasPicture(status: CameraStatus | undefined): boolean {
  return (status?.snapshot_key ?? null) !== null
}

/** What is missing in a step; null: nothing. */
export function hindranceOf(step: Step, { hasPicture, drawing, isSketching }: Facts): Hindrance | null {
  if (step === 'picture') return hasPicture ? null : 'picture'
  if (step !== 'tables') return null
  if (isSketching) return 'sketch'
  if (!drawing.some(({ kind }) => kind === 'table')) return 'tables'
  return faultOf(drawing) === null ? null : 'fault'
}

/** The first step in which something is missing, else the last. */
export function reached(facts: Facts): Step {
  return STEPS.find((step) => hindranceOf(step, facts) !== null) ?? 'name'
}

/** The step where somebody comes back to: what is drawn is looked at before it goes further. */
export function comeBackTo(facts: Facts): Step {
  const furthest = reached(facts)
  return isBefore(furthest, 'tables') ? furthest : 'tables'
}

export function isBefore(one: Step, other: Step): boolean {
  return STEPS.indexOf(one) < STEPS.indexOf(other)
}

export function beside(step: Step, by: 1 | -1): Step | null {
  return STEPS[STEPS.indexOf(step) + by] ?? null
}

export interface ListedStep {
  step: Step
  isCurrent: boolean
  isDone: boolean
  /** Whether it may be opened from here. */
  isOpen: boolean
}

/** `facts` null: the camera is not registered yet. */
export function listed(current: Step, facts: Facts | null): ListedStep[] {
  const furthest = facts === null ? 'connect' : reached(facts)
  return STEPS.map((step) => {
    const isCurrent = step === current
    const isReached = !isBefore(furthest, step)
    return { step, isCurrent, isDone: isBefore(step, current) && isReached, isOpen: isReached && !isCurrent }
  })
}
