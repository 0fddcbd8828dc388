// Who is seen in a picture, each with the table that has them.
import type { Seen } from '../client'
import { apart, type Label } from '../labels'
import { givenAs } from '../live-view'
import { T } from '../texts'
import type { Size } from './geometry'

/** Of a letter on average, and of a line, in the units of the picture without zoom. */
const LETTER = 16
const LINE = 36
/** From the top of a line to where its letters stand, and from its left to the first. */
const BASE = 27
const MARGIN = 6

interface PeopleProps {
  seen: readonly Seen[]
  /** What people call a table. */
  nameOf: (tableId: string) => string
  size: Size
}

export function SeenPeople({ seen, nameOf, size }: PeopleProps) {
  const people = seen.filter(({ label }) => label === 'person').map((person) => ({ person, text: personText(person, nameOf) }))
  const meant = people.map(({ person: { box: [left, top] }, text }) => ({ left: left * size.width, top: top * size.height + MARGIN, width: text.length * LETTER + 2 * MARGIN, height: LINE }))
  const labels = apart(meant, size)
  return <>{people.map(({ person, text }, at) => <Person key={at} person={person} text={text} label={labels[at]} size={size} />)}</>
}

function Person({ person, text, label, size }: { person: Seen; text: string; label: Label | undefined; size: Size }) {
  const [left, top, right, bottom] = person.box
  return (
    <g class="seen" data-given={givenAs(person)}>
      <rect x={left * size.width} y={top * size.height} width={(right - left) * size.width} height={(bottom - top) * size.height} vector-effect="non-scaling-stroke" />
      {label && <text x={label.left + MARGIN} y={label.top + BASE}>{text}</text>}
    </g>
  )
}

export function personText(person: Seen, nameOf: PeopleProps['nameOf']): string {
  const ids = [person.table_id, person.second_table_id].filter((id) => id !== null)
  const names = [...new Set(ids)].map(nameOf)
  switch (givenAs(person)) {
    case 'ignored': return T.editor.seen.ignored
    case 'doubtful': return T.editor.seen.doubtful(names)
    case 'given': return nameOf(person.table_id ?? '')
    default: return T.editor.seen.nowhere
  }
}
