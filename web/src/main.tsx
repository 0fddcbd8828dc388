// Entry point.
import { options, render } from 'preact'
import { App } from './app'
import { Client } from './client'
import { PREFIX } from './context'
import { SessionGate } from './session-gate'

options.debounceRendering = requestAnimationFrame // however many events come, it is drawn at most once a frame
const gate = new SessionGate()
// Below a prefix of a proxy too: the API is beside the page.
render(<App client={new Client({ base: PREFIX, fetch: gate.fetch })} gate={gate} />, document.getElementById('root') as HTMLElement)
