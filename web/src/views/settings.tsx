// Settings: the session, and what the page is.
import { PREFIX, useStore } from '../context'
import { T } from '../texts'

export function SettingsView() {
  const store = useStore()
  const signOut = () => {
    const end = () => store.end('')
    store.client.signOut().then(end, end)
  }
  return (
    <>
      <h1>{T.nav.settings}</h1>
      <section class="card" aria-labelledby="about">
        <h2 id="about">{T.settings.about}</h2>
        <p>{T.settings.aboutText}</p>
        <p class="muted">{T.settings.session(store.session.scopes.join(', '))}</p>
        <p class="links">
          <a href={`${PREFIX}/docs`}>{T.settings.api}</a>
          <a href={`${PREFIX}/asyncapi`}>{T.settings.topics}</a>
        </p>
        <div class="buttons"><button type="button" onClick={signOut}>{T.settings.signOut}</button></div>
      </section>
    </>
  )
}
