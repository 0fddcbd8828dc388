// The shared worker: it holds the event streams for all tabs of the browser.
import { StreamHub } from './hub'
import { serve } from './shared'

const hub = new StreamHub()

// The type of a worker's global scope is in a library that cannot be used beside that of pages.
const scope = self as unknown as { onconnect: (event: MessageEvent) => void }
scope.onconnect = ({ ports: [port] }) => {
  if (port) serve(hub, port)
}
