// The floor: every table of the site now.
import { useComputed } from '@preact/signals'
import { useLocation } from 'preact-iso'
import { address, useStore, withQuery } from '../context'
import { displayName, hazardTitle, timeOfDay } from '../format'
import type { FeedEntry } from '../model'
import { FloorPlan, usePlan, type KnownPlan } from '../parts/floor-plan'
import { HealthLine } from '../parts/health'
import { TableCard } from '../parts/table-card'
import { T } from '../texts'
import { bySection, counts, isOpen, kindOf, shortTime, tableNow, type Counts, type Kind, type TableNow } from '../words'

const KINDS: readonly Kind[] = ['free', 'taken', 'dirty', 'unknown']
const NAMES: Record<Kind, string> = { free: displayName('free'), taken: T.floor.taken, dirty: T.floor.dirty, unknown: T.floor.unknown }

export function FloorView() {
  const store = useStore()
  const tables = useComputed(() =>
    store.tables.value
      .filter((table) => table.retired_at === null)
      .map((table) => tableNow(table, store.view.value.states.get(table.table_id) ?? null, store.now.value)),
  )
  const isPlan = useLocation().query['as'] === 'plan' && tables.value.length > 0
  const plan = usePlan(isPlan)
  return (
    <>
      <h1 class="visually-hidden">{T.nav.floor}</h1>
      <Alerts />
      {tables.value.length > 0 && <Numbers counts={counts(tables.value)} />}
      <Tables tables={tables.value} plan={plan} />
      {!(isPlan && plan.waiting) && (
        <div class="columns">
          <Cameras />
          <Lately />
        </div>
      )}
    </>
  )
}

/** Open hazards, above everything else. */
function Alerts() {
  const { view, tableLabel, now } = useStore()
  const open = [...view.value.hazards.values()].filter((hazard) => hazard.run_id === null && isOpen(hazard))
  if (open.length === 0) return <p class="no-alerts muted">{T.hazards.none}</p>
  return (
    <ul class="alerts" aria-label={T.floor.alerts(open.length)}>
      {open.map((hazard) => (
        <li key={hazard.hazard_id}>
          <a href={address('hazards')} data-severity={hazard.severity}>
            <strong>{hazardTitle(hazard, tableLabel.value)}</strong>
            <span>{displayName(hazard.status)}, {T.camera.since(shortTime(hazard.opened_at, now.value))}</span>
          </a>
        </li>
      ))}
    </ul>
  )
}

/** For the host stand. */
function Numbers({ counts }: { counts: Counts }) {
  return (
    <section class="numbers" aria-label={T.floor.freeNow}>
      <p class="big" data-state="free">
        <span class="figure">{counts.free}</span>
        <span>{T.floor.freeNow}<br /><span class="muted small">{T.floor.ofTables(counts.all)}</span></span>
      </p>
      <ul class="sizes" aria-label={T.floor.bySeats}>
        {counts.bySeats.map(([seats, count]) => (
          <li key={seats}>
            <strong>{count}</strong> {seats === null ? T.floor.anySeats : T.floor.forSeats(seats)}
          </li>
        ))}
      </ul>
      <dl class="others">
        {(['taken', 'dirty', 'unknown'] as const).map((kind) => (
          <div key={kind}>
            <dt>{NAMES[kind]}</dt>
            <dd>{counts[kind]}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

function Tables({ tables, plan }: { tables: readonly TableNow[]; plan: KnownPlan }) {
  const store = useStore()
  const { query } = useLocation()
  if (tables.length === 0) {
    return (
      <section class="card nothing">
        {store.listed.value ? <NoTables /> : <p class="muted" role="status">{T.loading}</p>}
      </section>
    )
  }
  const party = Number(query['seats'] ?? 0)
  const shown = tables.filter(
    ({ table, state }) =>
      (!query['state'] || kindOf(state) === query['state']) &&
      (!query['section'] || table.section_id === query['section']) &&
      (party === 0 || (table.seats ?? 0) >= party),
  )
  const groups = bySection(shown, store.sections.value)
  return (
    <>
      <Filters tables={tables} />
      {query['as'] === 'plan' && <FloorPlan tables={tables} shown={shown} {...plan} />}
      {query['as'] !== 'plan' && groups.map((group) => (
        <section key={group.key} aria-labelledby={`section-${group.key}`}>
          <h2 id={`section-${group.key}`}>{group.name} <span class="muted small">{T.tables(group.tables.length)}</span></h2>
          <ul class="floor">
            {group.tables.map((each) => <TableCard key={each.table.table_id} {...each} />)}
          </ul>
        </section>
      ))}
      {groups.length === 0 && <p class="muted">{T.floor.noneMatch}</p>}
    </>
  )
}

/** With what comes next. */
function NoTables() {
  const store = useStore()
  const [camera] = store.cameras.value
  return (
    <>
      <h2>{T.floor.noTables}</h2>
      <p>{T.floor.noTablesText}</p>
      {store.may('write') && !camera && <a class="button" href={address('cameras', 'new')}>{T.cameras.add}</a>}
      {store.may('write') && camera && <a class="button" href={store.cameras.value.length > 1 ? address('cameras') : `${address('cameras', camera.camera_id)}/tables`}>{T.editor.open}</a>}
    </>
  )
}

/** They stand in the address: a reload and a link show the same. */
function Filters({ tables }: { tables: readonly TableNow[] }) {
  const { sections } = useStore()
  const { query, route } = useLocation()
  const choose = (name: string, value: string) => route(withQuery(address('floor'), query, name, value), true)
  const sizes = [...new Set(tables.map(({ table }) => table.seats).filter((seats) => seats !== null))].sort((one, two) => one - two)
  return (
    <div class="filters">
      <div class="segments" role="group" aria-label={T.plan.as}>
        {(['', 'plan'] as const).map((as) => (
          <button key={as} type="button" aria-pressed={(query['as'] ?? '') === as} onClick={() => choose('as', as)}>{as === '' ? T.plan.list : T.plan.title}</button>
        ))}
      </div>
      <div class="segments" role="group" aria-label={T.floor.show}>
        {(['', ...KINDS] as const).map((kind) => (
          <button key={kind} type="button" aria-pressed={(query['state'] ?? '') === kind} onClick={() => choose('state', kind)}>
            {kind === '' ? T.floor.all : NAMES[kind]}
          </button>
        ))}
      </div>
      {sections.value.length > 0 && (
        <label>
          {T.floor.section}
          <select value={query['section'] ?? ''} onChange={(event) => choose('section', event.currentTarget.value)}>
            <option value="">{T.floor.everywhere}</option>
            {sections.value.map((section) => <option key={section.section_id} value={section.section_id}>{section.name}</option>)}
          </select>
        </label>
      )}
      {sizes.length > 1 && (
        <label>
          {T.floor.party}
          <select value={query['seats'] ?? ''} onChange={(event) => choose('seats', event.currentTarget.value)}>
            <option value="">{T.floor.anyParty}</option>
            {sizes.map((size) => <option key={size} value={String(size)}>{size}</option>)}
          </select>
        </label>
      )}
    </div>
  )
}

function Cameras() {
  const { cameras, listed } = useStore()
  return (
    <section class="card" aria-labelledby="floor-cameras">
      <h2 id="floor-cameras">{T.floor.cameras}</h2>
      <ul class="lines">
        {cameras.value.map((camera) => (
          <li key={camera.camera_id} class="line">
            <a class="cover" href={address('cameras', camera.camera_id)}>{camera.name}</a>
            <HealthLine camera={camera} />
          </li>
        ))}
      </ul>
      {cameras.value.length === 0 && <p class="muted">{listed.value ? T.floor.noCameras : T.loading}</p>}
    </section>
  )
}

function Lately() {
  const { feed } = useStore()
  return (
    <section class="card" aria-labelledby="feed-title">
      <h2 id="feed-title">{T.floor.lately}</h2>
      <ol class="feed" tabIndex={0} aria-labelledby="feed-title">
        {feed.value.map((entry) => <Line key={entry.id} {...entry} />)}
      </ol>
      {feed.value.length === 0 && <p class="muted">{T.floor.quiet}</p>}
    </section>
  )
}

function Line({ at, text, tone: shade }: FeedEntry) {
  return (
    <li data-tone={shade}>
      <time class="mono muted">{timeOfDay(at)}</time>
      <span>{text}</span>
    </li>
  )
}
