// The fixed restaurant with names as nobody expects them.
import { answer, snapshot } from './documents.mjs'

/** Without a space, as long as a name may be; with markup that would run. */
const MARKUP = '<img src=x onerror="window.hurt=1"><b>🍝👩‍👩‍👧‍👦'
const WORD = 'Extraordinarily-long-name-of-something-without-any-space-xyz'
export const NAME = MARKUP + WORD
const LABEL = (MARKUP + 'Q'.repeat(200)).slice(0, 200)
const NOTE = `${NAME} ${LABEL}`

/** What people name has one of these beside it. */
const NAMED = ['site_id', 'section_id', 'key_id', 'camera_id']
const OTHERS = { filename: `${NAME}.mp4`, note: NOTE, notes: NOTE, author: NAME }

/** A document with other names in place of those that people gave. */
function named(document) {
  if (Array.isArray(document)) return document.map(named)
  if (document === null || typeof document !== 'object') return document
  return Object.fromEntries(Object.entries(document).map(([key, value]) => [key, otherName(document, key) ?? named(value)]))
}

function otherName(of, key) {
  if (typeof of[key] === 'string' && key in OTHERS) return OTHERS[key]
  if (key === 'name' && NAMED.some((id) => id in of)) return NAME
  if (key === 'label' && 'table_id' in of && of.label !== 'person') return LABEL
  return key === 'near_table_labels' ? of[key].map(() => LABEL) : undefined
}

export const oddlyNamed = { snapshot: named(snapshot), answer: (...asked) => named(answer(...asked)) }
