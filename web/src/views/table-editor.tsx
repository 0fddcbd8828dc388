// Drawing the tables of a camera, its floor and its ignore areas, on its newest picture.
import { useEffect, useState } from 'preact/hooks'
import { useLocation, useRoute } from 'preact-iso'
import { Problem, type Camera, type LayoutHint, type Point, type SuggestedLayout } from '../client'
import { address, useStore } from '../context'
import {
  changed,
  digestOf,
  dragBegun,
  dragged,
  drawingOf,
  faultOf,
  freshKey,
  KINDS,
  layoutOf,
  LEAST_CORNERS,
  movedRegion,
  outlineOf,
  redone,
  regionAt,
  regionName,
  takenBack,
  undone,
  withCornerAfter,
  withCornerAt,
  withCornerMoved,
  withoutCorner,
  withDuplicate,
  withoutRegion,
  withRegion,
  withSuggested,
  withTop,
  type Drawing,
  type DrawingFault,
  type Kind,
  type Part,
  type Region,
} from '../drawing'
import { warningsOf, type DrawingWarning } from '../drawing-warnings'
import { useHistory } from '../drawing-history'
import { useDrawingBase, type DrawingBase } from '../drawing-base'
import { forgetSaved, onDrawnElsewhere, readDrawing, writeDrawing, writeDrawn, type DrawingDraft } from '../drawing-draft'
import { tableName } from '../format'
import { useDryRun } from '../dry-running'
import { useLiveView } from '../live-view'
import { shareOfSmaller } from '../overlap'
import type { Size } from '../parts/geometry'
import { DryRunPanel } from '../parts/dry-run'
import { Kept } from '../parts/kept'
import { LayoutVersions } from '../parts/layout-versions'
import { NoCamera } from '../parts/notfound'
import { SuggestionsPanel, type OpenSuggestion } from '../parts/suggestions'
import { TableCanvas } from '../parts/table-canvas'
import { useSending } from '../request'
import { useSuggesting, type Suggesting } from '../suggesting'
import { T } from '../texts'
import { problemText } from '../words'

const W = T.editor
/** Of the smaller of two outlines in the other: then both are of one table, as the API has it. */
const SAME_TABLE = 0.7
const PARTS: readonly Part[] = ['polygon', 'top']

/** The address `/cameras/{id}/tables`. */
export function TableEditorView() {
  const id = useRoute().params['id'] ?? ''
  const store = useStore()
  const camera = store.cameras.value.find((each) => each.camera_id === id)
  const { base, failed, again, round } = useDrawingBase(id, camera !== undefined)
  if (!camera) return <NoCamera id={id} />
  return (
    <>
      <p><a class="back" href={address('cameras', id)}>{camera.name}</a></p>
      <h1>{W.title(camera.name)}</h1>
      {!store.may('write') && <p class="muted">{T.cameraForm.mayNot}</p>}
      {store.may('write') && failed && <div class="buttons"><button type="button" onClick={again}>{T.tryAgain}</button></div>}
      {store.may('write') && !failed && base === null && <p class="muted" role="status">{T.loading}</p>}
      {base && store.may('write') && <TableEditor key={`${id}/${round}`} camera={camera} base={base} onTheirs={again} />}
    </>
  )
}

interface EditorProps {
  camera: Camera
  base: DrawingBase
  onTheirs: () => void
  guided?: Guided
}

/** In a step of the set-up: what is drawn is kept, tried and saved there. */
export interface Guided {
  first: Drawing
  onDrawing: (drawing: Drawing, isSketching: boolean) => void
}

export function TableEditor({ camera, base: { layout, picture, hints }, onTheirs, guided }: EditorProps) {
  const store = useStore()
  const { route } = useLocation()
  const { busy, problem, send } = useSending()
  const [first] = useState(() => guided?.first ?? drawingOf(layout?.document ?? null))
  const { history, put, step, latest } = useHistory(first)
  const [chosen, setChosen] = useState<string | null>(null)
  const [corner, setCorner] = useState<number | null>(null)
  const [part, setPart] = useState<Part>('polygon')
  const [sketch, setSketch] = useState<readonly Point[] | null>(null)
  const [kind, setKind] = useState<Kind>('table')
  const [conflict, setConflict] = useState(false)
  const drawing = history.now
  const fault = faultOf(drawing)
  const isSaved = drawing === first
  const [draft, setDraft] = useState(() => (guided ? null : readDrawing(camera.camera_id)))
  const [isElsewhere, setElsewhere] = useState(false)
  const [seesPeople, setSeesPeople] = useState(true)
  const live = useLiveView(camera.camera_id, seesPeople)
  const dryRunning = useDryRun(camera.camera_id)
  const dryRun = dryRunning.running ? dryRunning.run : null
  const suggesting = useSuggesting(camera.camera_id)
  const suggestions = useOpenSuggestions(suggesting, drawing)
  const version = layout?.document.version ?? null
  useEffect(() => guided?.onDrawing(drawing, sketch !== null), [drawing, sketch])
  useEffect(() => {
    if (guided) return
    return onDrawnElsewhere(camera.camera_id, (found) => {
      setElsewhere(true)
      setDraft(found)
    })
  }, [])
  useEffect(() => {
    if (guided || draft !== null) return // until it is answered what was kept stays
    if (!isSaved) writeDrawing(camera.camera_id, { version, drawing })
    else if (history.past.length + history.future.length > 0) writeDrawing(camera.camera_id, null)
  }, [drawing, draft])
  const forgetDrawing = () => {
    if (draft === null) writeDrawing(camera.camera_id, null)
  }
  const nameOf = (id: string) => {
    const judged = dryRun?.tables.find((each) => each.table_id === id)
    if (judged) return tableName(judged.label)
    const known = drawing.find((each) => each.table_id === id)
    return known ? regionName(drawing, known) : store.tableLabel.value(id)
  }
  const takeUp = (found: DrawingDraft | null) => {
    setDraft(null)
    if (found) step(() => found.drawing)
    else writeDrawing(camera.camera_id, null)
  }
  const choose = (key: string | null) => {
    setChosen(key)
    setCorner(null)
    setPart('polygon')
  }
  const choosePart = (next: Part) => {
    setPart(next)
    setCorner(null)
  }
  const duplicate = (key: string) => {
    const copy = freshKey(latest())
    step((now) => withDuplicate(now, key, copy))
    choose(copy)
  }
  const add = (polygon?: readonly Point[]) => {
    const key = freshKey(latest())
    setSketch(null)
    step((now) => withRegion(now, kind, key, polygon))
    choose(key)
  }
  const accept = (some: readonly OpenSuggestion[]) => {
    const [next, keys] = withAllSuggested(latest(), some)
    step(() => next)
    choose(keys.at(-1) ?? null)
  }
  const beginDryRun = ({ width, height }: Size, seconds: number) => dryRunning.begin(layoutOf(drawing, { width, height }), digestOf(drawing), seconds)
  const leave = () => route(address('cameras', camera.camera_id), true)
  const save = (tag: string | null, size: Size) =>
    void send(async () => {
      setConflict(false)
      const given = layoutOf(drawing, { width: size.width, height: size.height })
      try {
        const saved = await store.client.saveLayout(camera.camera_id, given, tag)
        forgetSaved(camera.camera_id, drawing)
        dryRunning.forget()
        writeDrawn(camera.camera_id, saved.warnings)
        leave()
      } catch (error) {
        if (error instanceof Problem && error.code === 'version_conflict') return setConflict(true)
        if (error instanceof Problem && error.status === 401) throw error
        throw new Refused(error, drawing)
      }
    })
  const saveOver = (size: Size) =>
    void send(async () => {
      const newest = await store.client.taggedLayout(camera.camera_id)
      save(newest.tag, size)
    })
  if (picture === null) return <section class="card nothing"><p>{W.noPicture}</p></section>
  const region = drawing.find((each) => each.key === chosen)
  const tables = drawing.filter((each) => each.kind === 'table')
  const ofChosen = (next: (now: Drawing, key: string) => Drawing) => chosen !== null && step((now) => next(now, chosen))
  const drag = (next: (now: Drawing, key: string) => Drawing) => chosen !== null && put((known) => dragged(known, next(known.now, chosen)))
  const shown: Part = region?.top ? part : 'polygon'
  const warnings = warningsOf(drawing, picture)
  const shownView = dryRun?.view ?? live
  const people = shownView?.seen.filter(({ label }) => label === 'person').length ?? 0
  const hindrance = tables.length === 0 ? T.dryRun.noTables : fault ? T.dryRun.faulty : ''
  const removeCorner = (at: number) => {
    ofChosen((now, key) => withoutCorner(now, key, at, shown))
    setCorner(null)
  }
  const suggested = <SuggestionsPanel suggesting={suggesting} open={suggestions.open} drawnAlready={suggestions.drawnAlready} onAccept={accept} onDismiss={suggestions.dismiss} note={guided && T.setUp.fewPictures} />
  return (
    <div class="page">
      {guided && <div class="across">{suggested}</div>}
      <section class="middle" aria-label={W.picture(tables.length)}>
        {draft && <Kept text={keptText(draft, version, isElsewhere)} onAnswer={(isWanted) => takeUp(isWanted ? draft : null)} />}
        <p class="muted small">{sketch === null ? W.help : W.drawing} {sketch === null && <span class="of-mouse">{W.helpMouse}</span>}</p>
        <div class="segments wrap" role="group" aria-label={W.kind}>
          {KINDS.map((each) => <button key={each} type="button" aria-pressed={each === kind} data-kind={each} onClick={() => setKind(each)}>{W.kinds[each]}</button>)}
        </div>
        <div class="buttons" role="toolbar" aria-label={W.tools}>
          {sketch === null && <button type="button" class="primary" onClick={() => { choose(null); setSketch([]) }}>{W.draw[kind]}</button>}
          {sketch !== null && <button type="button" class="primary" disabled={sketch.length < LEAST_CORNERS} onClick={() => add(sketch)}>{W.finish}</button>}
          {sketch !== null && <button type="button" onClick={() => setSketch(null)}>{W.stop}</button>}
          <button type="button" onClick={() => add()}>{W.middle}</button>
          <button type="button" disabled={history.past.length === 0} onClick={() => put(undone)}>{W.undo}</button>
          <button type="button" disabled={history.future.length === 0} onClick={() => put(redone)}>{W.redo}</button>
        </div>
        <TableCanvas
          size={picture}
          url={shownView && sameShape(shownView, picture) ? shownView.url : picture.url}
          seen={shownView?.seen ?? []}
          nameOf={nameOf}
          drawing={drawing}
          chosen={chosen}
          part={shown}
          sketch={sketch}
          suggestions={suggestions.open}
          wrong={fault?.key ?? null}
          warned={new Set(warnings.map(({ key }) => key))}
          onSketch={(point) => setSketch((known) => [...(known ?? []), point])}
          onChoose={choose}
          onBegin={() => put(dragBegun)}
          onBack={() => put(takenBack)}
          onCorner={(at, to) => drag((now, key) => withCornerAt(now, key, at, to, shown))}
          onMove={(by) => drag((now, key) => movedRegion(now, key, by, shown))}
          onStep={(at, by) => ofChosen((now, key) => withCornerMoved(now, key, at, by, shown))}
          onAdd={(at, to) => ofChosen((now, key) => withCornerAfter(now, key, at, to, shown))}
          onRemove={removeCorner}
          onFocus={setCorner}
        />
        <div class="caption">
          <p class="muted small">{dryRun?.view ? T.dryRun.seen(people) : seesPeople && (live ? W.seen.now(people) : W.seen.nothing)}</p>
          <label class="check">
            <input type="checkbox" checked={seesPeople} onChange={(event) => setSeesPeople(event.currentTarget.checked)} />
            {W.seen.show}
          </label>
        </div>
      </section>
      <div class="side">
        {!guided && suggested}
        <section class="card" aria-labelledby="drawn-tables">
          <h2 id="drawn-tables">{W.tables}</h2>
          {tables.length === 0 && <p class="muted">{W.none}</p>}
          {KINDS.map((each) => <Chooser key={each} drawing={drawing} kind={each} chosen={chosen} onChoose={choose} />)}
          {region && (
            <div class="table-fields">
              {region.kind === 'table' ? <TableFields table={region} onChange={(change) => step((now) => changed(now, region.key, change))} /> : <p class="muted small wide">{W.areas[region.kind].text}</p>}
              {region.top && <PartChooser part={shown} onChoose={choosePart} />}
              <div class="buttons">
                <button type="button" disabled={corner === null} onClick={() => corner !== null && ofChosen((now, key) => withCornerAfter(now, key, corner, undefined, shown))}>{W.addCorner}</button>
                <button type="button" disabled={corner === null || outlineOf(region, shown).length <= LEAST_CORNERS} onClick={() => corner !== null && removeCorner(corner)}>{W.removeCorner}</button>
                <button type="button" onClick={() => duplicate(region.key)}>{W.duplicate}</button>
                {region.kind === 'table' && !region.top && <button type="button" onClick={() => { step((now) => withTop(now, region.key)); choosePart('top') }}>{W.addTop}</button>}
                {region.top && <button type="button" onClick={() => { step((now) => changed(now, region.key, { top: null })); choosePart('polygon') }}>{W.removeTop}</button>}
                <button type="button" class="danger" onClick={() => { step((now) => withoutRegion(now, region.key)); choose(null) }}>{W.remove[region.kind]}</button>
              </div>
            </div>
          )}
        </section>
        <Warnings warnings={warnings} onChoose={choose} />
        {!guided && <DryRunPanel dryRunning={dryRunning} hindrance={hindrance} changed={dryRunning.begun?.digest !== digestOf(drawing)} onBegin={(seconds) => beginDryRun(picture, seconds)} />}
        {!guided && <section class="card" aria-label={W.save}>
          <div role="alert">
            {fault && <p class="error small">{faultText(fault, drawing)}</p>}
            {problem && <p class="callout error">{problem}</p>}
            {conflict && (
              <div class="callout">
                <p>{W.conflict}</p>
                <div class="buttons">
                  <button type="button" onClick={() => saveOver(picture)}>{W.keepMine}</button>
                  <button type="button" onClick={() => { forgetDrawing(); onTheirs() }}>{W.takeTheirs}</button>
                </div>
              </div>
            )}
          </div>
          <div class="buttons">
            <button type="button" class="primary" disabled={busy || isSaved || (isElsewhere && draft !== null) || fault !== null || sketch !== null} onClick={() => save(layout?.tag ?? null, picture)}>{busy ? W.saving : W.save}</button>
            <button type="button" onClick={leave}>{W.leave}</button>
          </div>
          {!isSaved && <p class="muted small">{W.unsaved}</p>}
        </section>}
        {hints.length > 0 && <Hints hints={hints} />}
        {!guided && <LayoutVersions camera={camera} tag={layout?.tag ?? null} nameOf={nameOf} unsaved={!isSaved} onChanged={() => { forgetDrawing(); onTheirs() }} />}
      </div>
    </div>
  )
}

interface OpenSuggestions {
  open: OpenSuggestion[]
  drawnAlready: number
  dismiss: (some: readonly OpenSuggestion[]) => void
}

/** Suggestions that are neither drawn nor dismissed. One that was accepted is drawn, and open again when that is undone. */
function useOpenSuggestions({ suggested, busy }: Suggesting, drawing: Drawing): OpenSuggestions {
  const [dismissed, setDismissed] = useState<{ of: SuggestedLayout | null; places: readonly number[] }>({ of: null, places: [] })
  const places = dismissed.of === suggested ? dismissed.places : []
  const tables = drawing.filter((each) => each.kind === 'table')
  const all = busy ? [] : (suggested?.tables ?? []).map((table, at): OpenSuggestion => ({ at, table }))
  const left = all.filter(({ at }) => !places.includes(at))
  const open = left.filter(({ table }) => tables.every((each) => shareOfSmaller(each.polygon, table.polygon) < SAME_TABLE))
  const dismiss = (some: readonly OpenSuggestion[]) => setDismissed({ of: suggested, places: [...places, ...some.map(({ at }) => at)] })
  return { open, drawnAlready: left.length - open.length, dismiss }
}

function withAllSuggested(drawing: Drawing, some: readonly OpenSuggestion[]): [Drawing, string[]] {
  return some.reduce<[Drawing, string[]]>(
    ([now, keys], { table }) => {
      const key = freshKey(now)
      return [withSuggested(now, key, table), [...keys, key]]
    },
    [drawing, []],
  )
}

function sameShape(one: Size, other: Size): boolean {
  return one.width * other.height === one.height * other.width
}

function keptText(draft: DrawingDraft, version: number | null, isElsewhere: boolean): string {
  if (isElsewhere) return W.keptElsewhere
  return draft.version === version ? W.kept : W.keptOfOlder
}

/** Why the drawing was refused, with the table or area that is meant. */
export class Refused extends Error {
  constructor(error: unknown, drawing: Drawing) {
    const region = error instanceof Problem ? regionAt(drawing, error.pointer ?? '') : null
    const text = error instanceof Problem && region ? `${error.title} (${error.code})` : problemText(error)
    super(region ? W.refused(regionName(drawing, region), text) : text)
  }
}

export function faultText(fault: DrawingFault, drawing: Drawing): string {
  const region = drawing.find((each) => each.key === fault.key)
  if (fault.kind === 'nameless' || !region) return W.faults.nameless
  return W.faults[fault.kind](fault.kind === 'crossing' ? regionName(drawing, region) : region.label.trim())
}

interface ChooserProps {
  drawing: Drawing
  kind: Kind
  chosen: string | null
  onChoose: (key: string | null) => void
}

/** A button for each outline of a kind. */
function Chooser({ drawing, kind, chosen, onChoose }: ChooserProps) {
  const regions = drawing.filter((each) => each.kind === kind)
  if (regions.length === 0) return null
  return (
    <div class="segments wrap" role="group" aria-label={W.kinds[kind]}>
      {regions.map((each) => (
        <button key={each.key} type="button" aria-pressed={each.key === chosen} data-kind={kind} onClick={() => onChoose(each.key === chosen ? null : each.key)}>
          {kind === 'table' ? each.label || '–' : regionName(drawing, each)}
        </button>
      ))}
    </div>
  )
}

/** Which outline of a table is drawn. */
function PartChooser({ part, onChoose }: { part: Part; onChoose: (part: Part) => void }) {
  return (
    <div class="wide">
      <div class="segments" role="group" aria-label={W.part}>
        {PARTS.map((each) => <button key={each} type="button" aria-pressed={each === part} onClick={() => onChoose(each)}>{W.parts[each]}</button>)}
      </div>
      {part === 'top' && <p class="muted small">{W.topText}</p>}
    </div>
  )
}

/** What may be wrong with what is drawn; a tap chooses the table. */
function Warnings({ warnings, onChoose }: { warnings: readonly DrawingWarning[]; onChoose: (key: string) => void }) {
  return (
    <>
      <p class="visually-hidden" role="status">{warnings.length > 0 && W.warningsCount(warnings.length)}</p>
      {warnings.length > 0 && (
        <section class="callout warning" aria-labelledby="drawing-warnings">
          <h2 id="drawing-warnings">{W.warningsTitle}</h2>
          <ul class="warnings">{warnings.map(({ key, text }) => <li key={text}><button type="button" class="plain" onClick={() => onChoose(key)}>{text}</button></li>)}</ul>
        </section>
      )}
    </>
  )
}

interface TableFieldsProps {
  table: Region
  onChange: (change: Partial<Region>) => void
}

function TableFields({ table, onChange }: TableFieldsProps) {
  const { sections } = useStore()
  const seats = (text: string) => (/^\d{1,3}$/.test(text.trim()) ? Number(text) : null)
  return (
    <>
      <label>
        {W.label}
        <input type="text" maxLength={200} value={table.label} onInput={(event) => onChange({ label: event.currentTarget.value })} />
      </label>
      <label>
        {W.seats}
        <input type="text" inputMode="numeric" maxLength={3} value={table.seats ?? ''} onInput={(event) => onChange({ seats: seats(event.currentTarget.value) })} />
      </label>
      {sections.value.length > 0 && (
        <label>
          {W.section}
          <select value={table.section_id ?? ''} onChange={(event) => onChange({ section_id: event.currentTarget.value || null })}>
            <option value="">{W.noSection}</option>
            {sections.value.map((section) => <option key={section.section_id} value={section.section_id}>{section.name}</option>)}
          </select>
        </label>
      )}
    </>
  )
}

function Hints({ hints }: { hints: readonly LayoutHint[] }) {
  return (
    <section class="card" aria-labelledby="hints">
      <h2 id="hints">{W.hints}</h2>
      <ul class="points">
        {hints.map((hint) => <li key={`${hint.table_id}/${hint.reason}`}>{W.hint(tableName(hint.label), hint.sentence, hint.looks)}</li>)}
      </ul>
    </section>
  )
}
