// The page: the sign-in form, or the views of a signed-in user with the navigation between them.
import { LocationProvider, Route, Router, useLocation } from 'preact-iso'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { Problem, type Client, type Session } from './client'
import { address, PREFIX, StoreContext, useStore, withQuery, type ViewName } from './context'
import { Icon } from './parts/icons'
import { NotFound } from './parts/notfound'
import { WhyDialog } from './parts/why'
import type { SessionGate } from './session-gate'
import { SignIn, SignInAgain } from './signin'
import { Store } from './store'
import { T } from './texts'
import { NewCameraView } from './set-up/connect'
import { SetUpView } from './set-up/set-up'
import { ChangeCameraView } from './views/camera-form'
import { CamerasView, CameraView } from './views/cameras'
import { FloorView } from './views/floor'
import { HazardsView } from './views/hazards'
import { TableEditorView } from './views/table-editor'
import { isOpen, shortTime } from './words'
import { SettingsView } from './views/settings'
import { VideosView, VideoView } from './views/videos'

const VIEWS: readonly ViewName[] = ['floor', 'cameras', 'videos', 'hazards', 'settings']
/** Views with addresses of things that belong to one site. */
const ONE_THING: readonly ViewName[] = ['cameras', 'videos']
/** Links that the router follows; others (the API's documents) are left to the browser. */
const OWN_LINKS = new RegExp(`^${PREFIX.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}/(${VIEWS.join('|')})(/|\\?|$)`)

/** Tabs of a browser have one session: what one signs in, the others are signed in with. */
const SIGNED_IN = 'tablewatch-signed-in'
const ASK_AGAIN_MS = 5000
/** A connection that is back sooner is worth no more than a word. */
const LONG_MS = 3000

/** `ended`: why the session is over, of a page that stays as it is until somebody has signed in again; null: it is not. */
type Who = { session: Session; ended: string | null } | { hint: string } | { problem: string } | null

export function App({ client, gate }: { client: Client; gate: SessionGate }) {
  const [who, setWho] = useState<Who>(null)
  const tabs = useMemo(() => new BroadcastChannel(SIGNED_IN), [])
  const ask = () => {
    client.session().then(
      (session) => {
        gate.open()
        setWho({ session, ended: null })
      },
      (error: unknown) => setWho((known) => withoutSession(known, error)),
    )
  }
  const signedIn = () => {
    tabs.postMessage('')
    ask()
  }
  const end = (hint: string) => {
    if (hint && !gate.isShut) return // the answer to what was asked in the session before
    setWho((known) => (hint && known && 'session' in known ? { ...known, ended: hint } : { hint }))
  }
  useEffect(() => {
    gate.onEnd = () => end(T.sessionEnded)
    tabs.onmessage = ask
    ask()
    return () => tabs.close()
  }, [])
  const isUnreachable = who !== null && 'problem' in who
  useEffect(() => {
    if (!isUnreachable) return
    const timer = setInterval(ask, ASK_AGAIN_MS)
    return () => clearInterval(timer)
  }, [isUnreachable])
  if (who === null) return <Frame />
  if ('problem' in who) return <Unreachable text={who.problem} />
  if ('hint' in who) return <main><SignIn client={client} hint={who.hint} onDone={signedIn} /></main>
  return (
    <>
      <SignedIn key={rightsOf(who.session)} client={client} session={who.session} ended={who.ended !== null} onEnd={end} />
      {who.ended !== null && <SignInAgain client={client} hint={who.ended} onDone={signedIn} />}
    </>
  )
}

function withoutSession(known: Who, error: unknown): Who {
  const signedOut = error instanceof Problem && error.status === 401
  if (known && 'session' in known) return signedOut ? { ...known, ended: known.ended ?? T.sessionEnded } : known
  return signedOut ? { hint: '' } : { problem: error instanceof Error ? error.message : String(error) }
}

/** Who may do the same goes on with the same page: with what was typed and drawn in it. */
function rightsOf({ scopes, site_ids }: Session): string {
  return JSON.stringify([[...scopes].sort(), site_ids ? [...site_ids].sort() : null])
}

/** Until it is known who is there: what `index.html` shows before the script is there. */
function Frame() {
  return (
    <div class="shell">
      <div class="nav"><span class="wordmark"><span class="mark" aria-hidden="true" />{T.name}</span></div>
      <div class="bar" />
      <main class="view"><p class="muted" role="status">{T.loading}</p></main>
    </div>
  )
}

function Unreachable({ text }: { text: string }) {
  return (
    <main class="signin-page">
      <div class="signin card">
        <h1>{T.name}</h1>
        <p role="alert">{text}</p>
        <button type="button" class="primary" onClick={() => location.reload()}>{T.tryAgain}</button>
      </div>
    </main>
  )
}

interface SignedInProps {
  client: Client
  session: Session
  /** Whether the session is over: nothing is asked for until there is another. */
  ended: boolean
  onEnd: (hint: string) => void
}

function SignedIn({ client, session, ended, onEnd }: SignedInProps) {
  const store = useMemo(() => new Store(client, session, onEnd), [])
  useEffect(() => store.start(), [store])
  useEffect(() => (ended ? store.pause() : store.goOn(session)), [store, session, ended])
  return (
    <StoreContext.Provider value={store}>
      <LocationProvider scope={OWN_LINKS}>
        <Shell />
      </LocationProvider>
    </StoreContext.Provider>
  )
}

function Shell() {
  const { ready } = useStore()
  const { path, query, route } = useLocation()
  const why = !ready.value || path.startsWith(`${address('videos')}/`) ? undefined : query['why'] // of a video it is about its run
  const main = useRef<HTMLElement>(null)
  const view = VIEWS.find((each) => path === address(each) || path.startsWith(`${address(each)}/`))
  const isFront = path === (PREFIX || '/') || path === `${PREFIX}/index.html`
  useEffect(() => {
    if (isFront) route(address('floor') + location.search, true)
    document.title = view ? `${T.nav[view]} – ${T.name}` : T.name
  }, [path])
  // By keyboard and screen reader too, a new view begins at its beginning.
  const begin = () => main.current?.focus({ preventScroll: true })
  return (
    <div class="shell">
      <a class="skip" href={path} target="_self" onClick={(event) => { event.preventDefault(); event.stopPropagation(); begin() }}>{T.toContent}</a>
      <Navigation current={view} />
      <Bar />
      <main class="view" tabIndex={-1} ref={main}>
        <Views onRouteChange={begin} />
      </main>
      {why && <WhyDialog key={why} tableId={why} onClose={() => route(withQuery(path, query, 'why', ''), true)} />}
      <Toast />
    </div>
  )
}

function Views({ onRouteChange }: { onRouteChange: () => void }) {
  const { siteId, begun, ready } = useStore()
  const { path } = useLocation()
  if (!begun.value || (siteId.value === '' && path !== address('settings'))) return <NoSite />
  if (siteId.value !== '' && !ready.value) return <p class="muted" role="status">{T.loading}</p>
  return (
    <Router onRouteChange={onRouteChange}>
      <Route path={`${PREFIX}/`} component={FloorView} />
      <Route path={address('floor')} component={FloorView} />
      <Route path={address('cameras')} component={CamerasView} />
      <Route path={`${address('cameras')}/new`} component={NewCameraView} />
      <Route path={`${address('cameras')}/:id`} component={CameraView} />
      <Route path={`${address('cameras')}/:id/change`} component={ChangeCameraView} />
      <Route path={`${address('cameras')}/:id/tables`} component={TableEditorView} />
      <Route path={`${address('cameras')}/:id/set-up/:step?`} component={SetUpView} />
      <Route path={address('videos')} component={VideosView} />
      <Route path={`${address('videos')}/:id`} component={VideoView} />
      <Route path={address('hazards')} component={HazardsView} />
      <Route path={address('settings')} component={SettingsView} />
      <Route default component={NotFound} />
    </Router>
  )
}

function NoSite() {
  const store = useStore()
  if (!store.begun.value) return <p class="muted" role="status">{store.problem.value || T.loading}</p>
  return (
    <section class="card nothing">
      <h1>{T.noSite.title}</h1>
      <p>{store.may('admin') ? T.noSite.admin : T.noSite.other}</p>
    </section>
  )
}

function Navigation({ current }: { current: ViewName | undefined }) {
  const { view, uploads } = useStore()
  const sending = uploads.underWay.value + uploads.waiting.value
  const open = [...view.value.hazards.values()].filter((hazard) => hazard.run_id === null && isOpen(hazard)).length
  return (
    <nav class="nav" aria-label={T.views}>
      <span class="wordmark"><span class="mark" aria-hidden="true" />{T.name}</span>
      <ul>
        {VIEWS.map((name) => (
          <li key={name}>
            <a href={address(name)} aria-current={name === current ? 'page' : undefined}>
              <Icon name={name} />
              <span>{T.nav[name]}</span>
              {name === 'videos' && sending > 0 && <span class="count sent" aria-label={T.upload.inNavigation(sending)}>↑{sending}</span>}
              {name === 'hazards' && open > 0 && <span class="count" aria-label={T.floor.alerts(open)}>{open}</span>}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}

export function Bar() {
  const store = useStore()
  const { path, route } = useLocation()
  const [state, lost] = [store.stream.value, store.lostAt.value]
  const isLost = lost !== null && store.now.value - lost >= LONG_MS
  const open = (siteId: string) => {
    const view = ONE_THING.find((each) => path.startsWith(`${address(each)}/`))
    if (view && path !== address('cameras', 'new')) route(address(view)) // what is shown is not of that site
    store.open(siteId)
  }
  return (
    <header class="bar">
      <select aria-label={T.site} value={store.siteId.value} onChange={(event) => open(event.currentTarget.value)}>
        {store.sites.value.map((site) => <option key={site.site_id} value={site.site_id}>{site.name}</option>)}
      </select>
      <span class="stream" role="status" data-state={isLost ? 'waiting' : state}>{isLost ? T.stream.waiting : T.stream[state]}</span>
      {isLost && <p class="lost small" role="status">{T.lost(shortTime(new Date(lost).toISOString(), store.now.value))}</p>}
    </header>
  )
}

function Toast() {
  const text = useStore().toast.value
  return <div role="alert">{text && <p class="toast error">{text}</p>}</div>
}
