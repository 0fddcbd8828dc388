// A table as the floor and a camera show it; the whole card opens why.
import { useLocation } from 'preact-iso'
import { useStore, withQuery } from '../context'
import { displayName, tableName, tone } from '../format'
import { T } from '../texts'
import { lasting, sentence, type TableNow } from '../words'

export function TableCard(each: TableNow) {
  const { now } = useStore()
  const { path, query } = useLocation()
  const { table, state } = each
  return (
    <li class="table-card" data-state={tone(state)}>
      <span class="row">
        <a class="name cover" href={withQuery(path, query, 'why', table.table_id)}>
          {tableName(table.label)}<span class="visually-hidden">: {T.floor.why}</span>
        </a>
        {table.seats !== null && <span class="muted small">{T.seats(table.seats)}</span>}
      </span>
      <span class="row">
        <span class="chip">{displayName(state)}</span>
        <span class="small mono">{lasting(each, now.value)}</span>
      </span>
      <span class="small says">{sentence(each)}</span>
      <span class="small why-hint" aria-hidden="true">{T.floor.why}</span>
    </li>
  )
}
