// What is typed into a form and not saved yet: it outlives the view and the tab.
import { useRef, useState } from 'preact/hooks'
import type { CameraFields } from './camera-form'
import { isOtherSource, NOTHING_TYPED, tidied, withoutSecrets } from './camera-form'
import type { Camera, Tagged } from './client'
import { remember, remembered } from './remembered'

export interface Draft {
  fields: CameraFields
  /** Of the fields, while nothing else was typed since. */
  probeId: string | null
  /** Whether a password was typed that is not here any more: none is remembered. */
  passwordLost: boolean
  /** Whether the address is typed just now: half of one does not show yet whether a password is in it. */
  typing: boolean
  /** The camera as it was when the change was begun; null of a new one. */
  before: Tagged<Camera> | null
  /** Of a new camera, once it was asked for and until anything else is typed: sent again, it is the same request. */
  registering?: { name: string; request: string } | null
}

const PREFIX = 'camera/'

/** Nothing where the device has none, or something else. */
export function readDraft(key: string): Draft | null {
  try {
    const found = JSON.parse(remembered(PREFIX + key) ?? 'null') as Draft | null
    return found && { ...found, fields: { ...NOTHING_TYPED, ...found.fields } } // an older page knew fewer fields
  } catch {
    return null
  }
}

export function writeDraft(key: string, draft: Draft | null): void {
  remember(PREFIX + key, draft && JSON.stringify(kept(draft)))
}

/** Whether the password that was typed has to be typed again. */
export function lacksPassword({ passwordLost, fields }: Draft): boolean {
  return passwordLost && fields.password === ''
}

/** What changes when fields are typed: of another source the probe is not. */
export function typed(draft: Draft, change: Partial<CameraFields>): Partial<Draft> {
  const fields = { ...draft.fields, ...change }
  const { password } = draft.fields
  const again = draft.passwordLost && !isOtherSource({ ...fields, password }, draft.fields) // it is the one that was tried
  const other: Partial<Draft> = isOtherSource(fields, draft.fields) && !again ? { passwordLost: false, probeId: null } : {}
  const anew: Partial<Draft> = draft.registering && !again ? { registering: null } : {}
  return { fields, ...other, ...anew, typing: draft.typing || fields.address !== draft.fields.address }
}

/** What changes when the field of the address is left; null: nothing. */
export function addressLeft(draft: Draft): Partial<Draft> | null {
  const tidy = tidied(draft.fields)
  if (isOtherSource(tidy, draft.fields)) return { ...typed(draft, tidy), typing: false }
  return draft.typing ? { typing: false } : null
}

function kept(draft: Draft): Draft {
  const passwordLost = draft.passwordLost || draft.fields.password !== ''
  const fields = draft.typing ? { ...draft.fields, address: '' } : draft.fields
  return { ...draft, fields: withoutSecrets(fields), passwordLost, typing: false }
}

/** Made of what was typed last: a view that waits to be drawn shows less than that. */
export type DraftChange = Partial<Draft> | ((latest: Draft) => Partial<Draft> | null)

export interface Drafted {
  draft: Draft
  /** Whether it was begun before this view was opened. */
  wasBegun: boolean
  /** Returns the draft as it is now. */
  put: (change: DraftChange) => Draft
  /** It is saved, or not wanted any more. */
  forget: () => void
}

export function useDraft(key: string, begin: () => Draft): Drafted {
  const [wasBegun, setWasBegun] = useState(() => readDraft(key) !== null)
  const [draft, setDraft] = useState<Draft>(() => readDraft(key) ?? begin())
  const latest = useRef(draft)
  const put = (change: DraftChange) => {
    const changed = typeof change === 'function' ? change(latest.current) : change
    if (changed === null) return latest.current
    latest.current = { ...latest.current, ...changed }
    writeDraft(key, latest.current)
    setDraft(latest.current)
    return latest.current
  }
  const forget = () => {
    writeDraft(key, null)
    setWasBegun(false)
  }
  return { draft, wasBegun, put, forget }
}
