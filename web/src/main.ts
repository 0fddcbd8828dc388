// Begins: the page for who is signed in, else the door.
import { Client, Problem } from './client'
import { h } from './dom'
import { Page } from './page'
import { signIn } from './panels/signin'

const root = document.getElementById('root') as HTMLElement
const client = new Client()

async function begin(): Promise<void> {
  let hint = ''
  let known = await signedIn()
  for (;;) {
    if (!known) await signIn(root, client, hint)
    hint = await new Page(root, client).run()
    known = false
  }
}

async function signedIn(): Promise<boolean> {
  try {
    await client.session()
    return true
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return false
    throw error
  }
}

begin().catch((error: unknown) => {
  const text = error instanceof Error ? error.message : String(error)
  const again = h('button', { type: 'button', class: 'primary', onclick: () => location.reload() }, 'Try again')
  root.replaceChildren(h('main', { class: 'signin-page' }, h('div', { class: 'signin card' }, h('h1', {}, 'tablewatch'), h('p', { role: 'alert' }, text), again)))
})
