// The line between a browser and the api, which a test can cut: then connections end in the middle and none is taken.
import { connect, createServer } from 'node:net'

/** `url`: where the line ends. Whoever opens the answered address has the api at the other end. */
export async function layLine(url) {
  const { hostname, port } = new URL(url)
  const ends = new Set()
  let isCut = false
  const server = createServer((here) => {
    if (isCut) return here.destroy()
    const there = connect(Number(port), hostname)
    for (const [end, other] of [[here, there], [there, here]]) {
      ends.add(end)
      end.on('error', () => other.destroy())
      end.on('close', () => {
        ends.delete(end)
        other.destroy()
      })
    }
    here.pipe(there).pipe(here)
  })
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening))
  const cut = () => {
    isCut = true
    for (const end of ends) end.destroy()
  }
  const mend = () => (isCut = false)
  const close = () => {
    cut()
    server.close()
  }
  return { url: `http://127.0.0.1:${server.address().port}`, cut, mend, close }
}
