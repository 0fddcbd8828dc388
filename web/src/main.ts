// Entry point: shows the page to a signed-in user, the sign-in form to others.
import { Client, Problem } from './client'
import { h } from './dom'
import { Page } from './page'
import { signIn } from './panels/signin'

const root = document.getElementById('root') as HTMLElement
// Below a prefix of a proxy too: the API is beside the page.
const client = new Client({ base: new URL('.', document.baseURI).pathname.replace(/\/$/, '') })

async function run(): Promise<void> {
  let hint = ''
  let inSession = await hasSession()
  for (;;) {
    if (!inSession) await signIn(root, client, hint)
    hint = await new Page(root, client).run()
    inSession = false
  }
}

async function hasSession(): Promise<boolean> {
  try {
    await client.session()
    return true
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return false
    throw error
  }
}

run().catch((error: unknown) => {
  const text = error instanceof Error ? error.message : String(error)
  const retry = h('button', { type: 'button', class: 'primary', onclick: () => location.reload() }, 'Try again')
  root.replaceChildren(h('main', { class: 'signin-page' }, h('div', { class: 'signin card' }, h('h1', {}, 'tablewatch'), h('p', { role: 'alert' }, text), retry)))
})
