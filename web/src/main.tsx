// Entry point.
import { options, render } from 'preact'
import { App } from './app'
import { Client } from './client'
import { PREFIX } from './context'

options.debounceRendering = requestAnimationFrame // however many events come, it is drawn at most once a frame
// Below a prefix of a proxy too: the API is beside the page.
render(<App client={new Client({ base: PREFIX })} />, document.getElementById('root') as HTMLElement)
