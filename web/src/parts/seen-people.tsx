// Who is seen in a picture, each with the table that has them.
import type { Seen } from '../client'
import { givenAs } from '../live-view'
import { T } from '../texts'
import type { Size } from './geometry'

interface PeopleProps {
  seen: readonly Seen[]
  /** What people call a table. */
  nameOf: (tableId: string) => string
  size: Size
}

export function SeenPeople({ seen, nameOf, size }: PeopleProps) {
  return (
    <>
      {seen.filter(({ label }) => label === 'person').map((person, at) => <Person key={at} person={person} nameOf={nameOf} size={size} />)}
    </>
  )
}

function Person({ person, nameOf, size }: { person: Seen; nameOf: PeopleProps['nameOf']; size: Size }) {
  const [left, top, right, bottom] = person.box
  return (
    <g class="seen" data-given={givenAs(person)}>
      <rect x={left * size.width} y={top * size.height} width={(right - left) * size.width} height={(bottom - top) * size.height} vector-effect="non-scaling-stroke" />
      <text x={left * size.width + 6} y={top * size.height + 32}>{personText(person, nameOf)}</text>
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
