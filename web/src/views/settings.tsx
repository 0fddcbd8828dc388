// Settings: sites, sections, keys, and what the page is. What has no backend has no control.
import type { ComponentChildren } from 'preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { ApiKey, Scope, Section, Site } from '../client'
import { PREFIX, useStore } from '../context'
import { HoursForm, hoursText } from '../parts/hours'
import { SystemHealthCard } from '../parts/system-health'
import { forgetAll } from '../remembered'
import { useSending } from '../request'
import type { Store } from '../store'
import { T } from '../texts'
import { ChangedMeanwhile, ifUnchanged } from '../unchanged'
import { shortTime } from '../words'

const SCOPES: readonly Scope[] = ['asset', 'read', 'write', 'upload', 'admin']
/** How long a replaced key stays valid: to bring the new one to a device. */
const GRACE_S = 24 * 3600

export function SettingsView() {
  const store = useStore()
  const { keys, load } = useKeys()
  return (
    <>
      <h1>{T.nav.settings}</h1>
      <Sites />
      <Hours key={store.siteId.value} />
      {store.siteId.value !== '' && <Sections />}
      {keys === null && <p class="muted" role="status">{T.loading}</p>}
      {keys !== null && store.may('admin') && <Keys keys={keys} onChanged={load} />}
      {keys !== null && <SystemHealthCard />}
      {keys !== null && <About />}
    </>
  )
}

/** Null until they are known or could not be asked for: what stands below them is drawn with them. */
function useKeys(): { keys: readonly ApiKey[] | null; load: () => Promise<void> } {
  const store = useStore()
  const [keys, setKeys] = useState<readonly ApiKey[] | null>(() => (store.may('admin') ? null : []))
  const load = () =>
    store.client.keys().then(setKeys, (error: unknown) => {
      setKeys((known) => known ?? [])
      store.fail(error)
    })
  useEffect(() => {
    if (store.may('admin')) void load()
  }, [])
  return { keys, load }
}

function Card({ id, title, children }: { id: string; title: string; children: ComponentChildren }) {
  return (
    <section class="card" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  )
}

/** Carries out a request of a form or button: one at a time, and what fails is shown. */
function useRequest(store: Store) {
  const [busy, setBusy] = useState(false)
  const ask = async (request: () => Promise<unknown>) => {
    setBusy(true)
    try {
      await request()
    } catch (error) {
      store.fail(error)
    } finally {
      setBusy(false)
    }
  }
  return { busy, ask }
}

/** Why a form was not carried out; it stays until it is sent again. */
function Refusal({ problem }: { problem: string }) {
  return <div class="refusal" role="alert">{problem && <p class="callout error">{problem}</p>}</div>
}

interface NameFormProps {
  label: string
  submit: string
  value?: string
  onName: (name: string) => Promise<unknown>
}

/** A field for a name with a button. */
function NameForm({ label, submit, value = '', onName }: NameFormProps) {
  const { busy, problem, send: ask } = useSending()
  const [name, setName] = useState(value)
  const known = useRef(value)
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    setName((typed) => (typed === known.current ? value : typed)) // what was typed stays, whatever somebody else calls it meanwhile
    known.current = value
  }, [value])
  const send = (event: SubmitEvent) => {
    event.preventDefault()
    const given = (field.current?.value ?? name).trim() // what was typed last may not be drawn yet
    if (given && given !== value) void ask(() => onName(given).then(() => setName(value === '' ? '' : given)))
  }
  return (
    <form class="inline" onSubmit={send}>
      <label>
        {label}
        <input type="text" required maxLength={200} value={name} ref={field} onInput={(event) => setName(event.currentTarget.value)} />
      </label>
      <button type="submit" disabled={busy || name.trim() === value || name.trim() === ''}>{submit}</button>
      <Refusal problem={problem} />
    </form>
  )
}

function Sites() {
  const store = useStore()
  const { client, sites, siteId, session } = store
  const current = sites.value.find((site) => site.site_id === siteId.value)
  const create = async (name: string) => {
    const site = await client.newSite({ name, timezone: Intl.DateTimeFormat().resolvedOptions().timeZone })
    store.replaceSite(site)
    store.open(site.site_id)
  }
  const rename = (site: Site) => async (name: string) => store.replaceSite(await client.changeSite(site.site_id, { name }))
  return (
    <Card id="settings-site" title={T.settings.site}>
      {current && store.may('admin') && <NameForm key={current.site_id} label={T.settings.siteName} submit={T.settings.rename} value={current.name} onName={rename(current)} />}
      {current && !store.may('admin') && <p>{current.name}</p>}
      {store.may('admin') && (session.site_ids ?? null) === null && <NameForm label={T.settings.newSite} submit={T.settings.add} onName={create} />}
    </Card>
  )
}

/** When the cameras of the site take pictures, and by which clock. */
function Hours() {
  const store = useStore()
  const { client, sites, siteId, now } = store
  const { busy, problem, send } = useSending()
  const site = sites.value.find((each) => each.site_id === siteId.value)
  if (!site) return null
  const save = (change: Partial<Pick<Site, 'timezone' | 'opening_hours'>>) =>
    void send(async () => {
      try {
        store.replaceSite(await ifUnchanged(site, () => client.site(site.site_id), (tag) => client.changeSite(site.site_id, change, tag)))
      } catch (error) {
        if (!(error instanceof ChangedMeanwhile)) throw error
        if (error.now) store.replaceSite(error.now as Site)
        throw new Error(T.hours.changedMeanwhile)
      }
    })
  const hours = site.opening_hours ?? null
  return (
    <Card id="settings-hours" title={T.hours.title}>
      <p class="muted">{T.hours.text}</p>
      {store.may('admin') && <Zone site={site} busy={busy} now={now.value} onZone={(timezone) => save({ timezone })} />}
      {!store.may('admin') && <p>{hours === null ? T.hours.always : hoursText(hours)}</p>}
      {!store.may('admin') && <p class="muted">{T.settings.timezone(site.timezone)}</p>}
      {store.may('admin') && (
        <HoursForm hours={hours} noneText={T.hours.alwaysOpen} offersAlways={false} busy={busy} problem={problem} onSave={(opening_hours) => save({ opening_hours })} />
      )}
    </Card>
  )
}

/** By whose clock the hours are; what the clock shows there now tells whether it is the right one. */
function Zone({ site, busy, now, onZone }: { site: Site; busy: boolean; now: number; onZone: (zone: string) => void }) {
  const [zone, setZone] = useState(site.timezone)
  useEffect(() => setZone(site.timezone), [site.timezone])
  const send = (event: SubmitEvent) => {
    event.preventDefault()
    if (zone !== site.timezone && !busy) onZone(zone)
  }
  const zones = useMemo(() => [...new Set([site.timezone, 'UTC', ...Intl.supportedValuesOf('timeZone')])].sort(), [site.timezone])
  return (
    <form class="inline" onSubmit={send}>
      <label>
        {T.hours.zone}
        <select value={zone} onChange={(event) => setZone(event.currentTarget.value)}>
          {zones.map((each) => <option key={each} value={each}>{each.replaceAll('_', ' ')}</option>)}
        </select>
      </label>
      <button type="submit" disabled={busy || zone === site.timezone}>{T.hours.changeZone}</button>
      <span class="muted small hours-zone">{T.hours.nowThere(clockIn(zone, now))}</span>
    </form>
  )
}

/** What the clock shows; nothing where the browser does not know the time zone. */
function clockIn(timeZone: string, now: number): string {
  try {
    return new Date(now).toLocaleTimeString([], { timeZone, weekday: 'long', hour: '2-digit', minute: '2-digit' })
  } catch {
    return '–'
  }
}

function Sections() {
  const store = useStore()
  const { client, sections, siteId, tables } = store
  const count = (section: Section) => tables.value.filter((table) => table.section_id === section.section_id && table.retired_at === null).length
  const known = [...sections.value].sort((one, two) => one.name.localeCompare(two.name))
  return (
    <Card id="settings-sections" title={T.settings.sections}>
      <p class="muted">{T.settings.sectionsText}</p>
      <ul class="rows">
        {known.map((section) => (
          <li key={section.section_id}>
            {store.may('write') ? <SectionRow section={section} tables={count(section)} /> : <span>{section.name}</span>}
          </li>
        ))}
      </ul>
      {store.may('write') && <NameForm label={T.settings.newSection} submit={T.settings.add} onName={(name) => client.newSection(siteId.value, name)} />}
    </Card>
  )
}

function SectionRow({ section, tables }: { section: Section; tables: number }) {
  const store = useStore()
  const { busy, ask } = useRequest(store)
  return (
    <>
      <NameForm label={T.settings.sectionName} submit={T.settings.rename} value={section.name} onName={(name) => store.client.changeSection(section, name)} />
      <span class="muted small">{T.tables(tables)}</span>
      <button type="button" class="danger" disabled={busy} onClick={() => void ask(() => store.client.removeSection(section))}>
        {T.settings.remove}<span class="visually-hidden"> {section.name}</span>
      </button>
    </>
  )
}

/** Keys of the sites that this key opens. The text of a new one is shown once. */
function Keys({ keys, onChanged }: { keys: readonly ApiKey[]; onChanged: () => Promise<void> }) {
  const store = useStore()
  const [created, setCreated] = useState<{ name: string; key: string } | null>(null)
  const show = async (asked: Promise<{ name: string; key: string }>) => {
    setCreated(await asked)
    await onChanged()
  }
  const revoked = () => {
    setCreated(null) // it may be of the one that is shown
    return onChanged()
  }
  const usable = keys.filter((key) => key.revoked_at === null && !hasEnded(key, store.now.value))
  const mayCreate = (store.session.site_ids ?? null) === null
  return (
    <Card id="settings-keys" title={T.settings.keys}>
      <p class="muted">{T.settings.keysText}</p>
      {created && (
        <div class="notice" role="status">
          <p>{T.settings.created(created.name)}</p>
          <p><code class="secret">{created.key}</code></p>
        </div>
      )}
      <ul class="rows">
        {usable.map((key) => <KeyRow key={key.key_id} item={key} onChanged={revoked} onCreated={show} />)}
      </ul>
      {mayCreate && <NewKey onCreated={show} />}
    </Card>
  )
}

function hasEnded(key: ApiKey, now: number): boolean {
  return key.expires_at !== null && Date.parse(key.expires_at) <= now
}

interface KeyRowProps {
  item: ApiKey
  onChanged: () => Promise<unknown>
  onCreated: (asked: Promise<{ name: string; key: string }>) => Promise<void>
}

function KeyRow({ item, onChanged, onCreated }: KeyRowProps) {
  const store = useStore()
  const { busy, ask } = useRequest(store)
  const now = store.now.value
  const own = item.key_id === store.session.key_id
  const revoke = () => {
    if (confirm(T.settings.confirmRevoke(item.name))) void ask(() => store.client.revokeKey(item.key_id).then(onChanged))
  }
  const sites = item.site_ids?.map((id) => store.sites.value.find((site) => site.site_id === id)?.name ?? id)
  return (
    <li>
      <div class="texts">
        <strong class="clip">{item.name}</strong>
        <span class="muted small">
          {T.settings.may(item.scopes.map((scope) => T.settings.scopes[scope] ?? scope).join(', '))} {sites ? sites.join(', ') : T.settings.everySite}.{' '}
          {item.last_used_at === null ? T.settings.neverUsed : T.settings.lastUsed(shortTime(item.last_used_at, now))}
          {item.expires_at !== null && ` ${T.settings.ends(shortTime(item.expires_at, now))}`}
          {own && ` ${T.settings.ownKey}`}
        </span>
      </div>
      {!own && (
        <div class="buttons">
          <button type="button" disabled={busy} onClick={() => void ask(() => onCreated(store.client.rotateKey(item.key_id, GRACE_S)))}>
            {T.settings.rotate}<span class="visually-hidden"> {item.name}</span>
          </button>
          <button type="button" class="danger" disabled={busy} onClick={revoke}>
            {T.settings.revoke}<span class="visually-hidden"> {item.name}</span>
          </button>
        </div>
      )}
    </li>
  )
}

function NewKey({ onCreated }: { onCreated: (asked: Promise<{ name: string; key: string }>) => Promise<void> }) {
  const store = useStore()
  const { busy, problem, send: ask } = useSending()
  const [name, setName] = useState('')
  const [scopes, setScopes] = useState<readonly Scope[]>(['read'])
  const [everySite, setEverySite] = useState(false)
  const toggle = (scope: Scope) => setScopes((chosen) => (chosen.includes(scope) ? chosen.filter((each) => each !== scope) : [...chosen, scope]))
  const create = (event: SubmitEvent) => {
    event.preventDefault()
    const site_ids = everySite || store.siteId.value === '' ? null : [store.siteId.value]
    void ask(() => onCreated(store.client.newKey({ name: name.trim(), scopes: [...scopes], site_ids })).then(() => setName('')))
  }
  return (
    <form class="new-key" onSubmit={create}>
      <h3>{T.settings.newKey}</h3>
      <label>
        {T.settings.keyName}
        <input type="text" required maxLength={200} value={name} onInput={(event) => setName(event.currentTarget.value)} />
      </label>
      <fieldset>
        <legend>{T.settings.mayDo}</legend>
        {SCOPES.map((scope) => (
          <label key={scope} class="check">
            <input type="checkbox" checked={scopes.includes(scope)} onChange={() => toggle(scope)} />
            {T.settings.scopes[scope]}
          </label>
        ))}
      </fieldset>
      <label class="check">
        <input type="checkbox" checked={everySite} onChange={(event) => setEverySite(event.currentTarget.checked)} />
        {T.settings.forEverySite}
      </label>
      <button type="submit" class="primary" disabled={busy || name.trim() === '' || scopes.length === 0}>{T.settings.createKey}</button>
      <Refusal problem={problem} />
    </form>
  )
}

function About() {
  const store = useStore()
  const signOut = () => {
    const isUnsent = store.uploads.unsent.value || store.recorder.unsent.value
    if (isUnsent && !confirm(T.settings.confirmSignOut)) return
    forgetAll()
    const end = () => store.end('')
    store.client.signOut().then(end, end)
  }
  return (
    <Card id="about" title={T.settings.about}>
      <p>{T.settings.aboutText}</p>
      <p class="muted">{T.settings.session(store.session.scopes.map((scope) => T.settings.scopes[scope] ?? scope).join(', '))}</p>
      <p class="links">
        <a href={`${PREFIX}/docs`}>{T.settings.api}</a>
        <a href={`${PREFIX}/asyncapi`}>{T.settings.topics}</a>
      </p>
      <div class="buttons"><button type="button" onClick={signOut}>{T.settings.signOut}</button></div>
    </Card>
  )
}
