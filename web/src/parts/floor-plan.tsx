// The floor as a plan: a tile for each table, where people put it. Arranged by finger, mouse or keyboard.
import { useEffect, useRef, useState } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { Problem, type Plan, type PlannedTable, type Tagged } from '../client'
import { useStore, withQuery } from '../context'
import { displayName, tableName, tone } from '../format'
import { arranged, movedTo, sizeOf, type Square } from '../plan'
import { useSending } from '../request'
import { T } from '../texts'
import { lasting, type TableNow } from '../words'

const W = T.plan
const ARROWS: Record<string, Square> = { ArrowLeft: { x: -1, y: 0 }, ArrowRight: { x: 1, y: 0 }, ArrowUp: { x: 0, y: -1 }, ArrowDown: { x: 0, y: 1 } }

export interface KnownPlan {
  plan: Tagged<Plan> | null
  setPlan: (plan: Tagged<Plan>) => void
  /** Whether it is still to come: what stands below it is drawn with it. */
  waiting: boolean
}

/** Asked for once it is wanted. */
export function usePlan(wanted: boolean): KnownPlan {
  const store = useStore()
  const siteId = store.siteId.value
  const [plan, setPlan] = useState<Tagged<Plan> | null>(null)
  const [failed, setFailed] = useState(false)
  useEffect(() => {
    if (!wanted) return
    let left = false
    setPlan(null)
    setFailed(false)
    const fail = (error: unknown) => {
      if (left) return
      setFailed(true)
      store.fail(error)
    }
    store.client.plan(siteId).then((found) => !left && setPlan(found), fail)
    return () => void (left = true)
  }, [siteId, wanted])
  return { plan, setPlan, waiting: plan === null && !failed }
}

interface PlanProps extends KnownPlan {
  /** All of the site. */
  tables: readonly TableNow[]
  /** Those that the filters leave. */
  shown: readonly TableNow[]
}

export function FloorPlan({ tables, shown, plan, setPlan, waiting }: PlanProps) {
  const store = useStore()
  const siteId = store.siteId.value
  const [moved, setMoved] = useState<readonly PlannedTable[] | null>(null)
  const { busy, problem, send } = useSending()
  useEffect(() => setMoved(null), [siteId])
  if (plan === null) return waiting ? <p class="muted" role="status">{T.loading}</p> : null
  const ids = tables.map(({ table }) => table.table_id)
  const places = arranged(ids, moved ?? plan.document.places)
  const save = () =>
    void send(async () => {
      const gone = plan.document.places.filter(({ table_id }) => !ids.includes(table_id)) // retired ones may come back
      try {
        setPlan(await store.client.savePlan(siteId, [...places, ...gone], plan.tag))
        setMoved(null)
      } catch (error) {
        if (!(error instanceof Problem && error.code === 'version_conflict')) throw error
        setPlan(await store.client.plan(siteId))
        setMoved(null)
        throw new Error(W.conflict)
      }
    })
  return (
    <section class="plan-view" aria-label={W.title}>
      <div role="alert">{problem && <p class="callout error">{problem}</p>}</div>
      {store.may('write') && (
        <div class="buttons">
          {moved === null && <button type="button" onClick={() => setMoved(places)}>{W.arrange}</button>}
          {moved !== null && <button type="button" class="primary" disabled={busy} onClick={save}>{W.save}</button>}
          {moved !== null && <button type="button" onClick={() => setMoved(null)}>{W.leave}</button>}
        </div>
      )}
      {moved !== null && <p class="muted small">{W.help}</p>}
      <Grid tables={moved === null ? shown : tables} places={places} onMove={moved === null ? null : (id, to) => setMoved(movedTo(places, id, to))} />
    </section>
  )
}

interface GridProps {
  tables: readonly TableNow[]
  places: readonly PlannedTable[]
  /** Null: they stay where they are. */
  onMove: ((tableId: string, to: Square) => void) | null
}

function Grid({ tables, places, onMove }: GridProps) {
  const grid = useRef<HTMLUListElement>(null)
  const [held, setHeld] = useState<Square | null>(null) // while a table is dragged: a grid that grows would run away
  const size = held ?? sizeOf(places, onMove !== null)
  const squareAt = (event: PointerEvent): Square => {
    const box = grid.current?.getBoundingClientRect()
    if (!box || box.width === 0) return { x: 0, y: 0 }
    const square = (at: number, length: number, squares: number) => Math.min(squares - 1, Math.max(0, Math.floor((at / length) * squares)))
    return { x: square(event.clientX - box.left, box.width, size.x), y: square(event.clientY - box.top, box.height, size.y) }
  }
  return (
    <div class="plan-scroll" role="group" tabIndex={0} aria-label={W.title}>
      <ul class="plan" ref={grid} data-arranging={onMove !== null} style={{ '--across': size.x, '--down': size.y }}>
        {tables.map((each) => {
          const place = places.find(({ table_id }) => table_id === each.table.table_id)
          return place && <Tile key={each.table.table_id} each={each} place={place} onMove={onMove} squareAt={squareAt} onDrag={(begins) => setHeld(begins ? size : null)} />
        })}
      </ul>
    </div>
  )
}

interface TileProps {
  each: TableNow
  place: PlannedTable
  onMove: GridProps['onMove']
  squareAt: (event: PointerEvent) => Square
  /** A drag begins, or is over. */
  onDrag: (begins: boolean) => void
}

function Tile({ each, place, onMove, squareAt, onDrag }: TileProps) {
  const { now } = useStore()
  const { path, query } = useLocation()
  const { table, state } = each
  const content = (
    <>
      <span class="name">{tableName(table.label)}</span>
      <span class="small">{displayName(state)}</span>
      <span class="small mono">{lasting(each, now.value)}</span>
    </>
  )
  return (
    <li class="tile" data-state={tone(state)} style={{ gridColumn: place.x + 1, gridRow: place.y + 1 }}>
      {onMove
        ? <Movable each={each} place={place} onMove={onMove} squareAt={squareAt} onDrag={onDrag}>{content}</Movable>
        : <a href={withQuery(path, query, 'why', table.table_id)}>{content}<span class="visually-hidden">{T.floor.why}</span></a>}
    </li>
  )
}

interface MovableProps extends TileProps {
  onMove: NonNullable<GridProps['onMove']>
  children: preact.ComponentChildren
}

function Movable({ each: { table }, place, onMove, squareAt, onDrag, children }: MovableProps) {
  const dragging = useRef(false)
  const down = (event: PointerEvent) => {
    dragging.current = true
    onDrag(true)
    ;(event.currentTarget as Element).setPointerCapture(event.pointerId)
  }
  const move = (event: PointerEvent) => {
    if (!dragging.current) return
    const to = squareAt(event)
    if (to.x !== place.x || to.y !== place.y) onMove(table.table_id, to)
  }
  const up = () => {
    dragging.current = false
    onDrag(false)
  }
  const key = (event: KeyboardEvent) => {
    const arrow = ARROWS[event.key]
    if (!arrow) return
    event.preventDefault()
    onMove(table.table_id, { x: place.x + arrow.x, y: place.y + arrow.y })
  }
  return (
    <button type="button" onPointerDown={down} onPointerMove={move} onPointerUp={up} onPointerCancel={up} onKeyDown={key}>
      {children}
      <span class="visually-hidden">{W.at(place.x + 1, place.y + 1)}</span>
    </button>
  )
}
