// Requests of a page whose session may end. After an answer of 401 nothing is asked any more until somebody has signed in:
// what the page asks for by itself, again and again, would count as wrong keys of this address.

/** About the session itself is asked at any time. */
const SESSION = /\/v1\/session$/

export class SessionGate {
  /** What is to be done when the session is over. */
  onEnd = () => {}
  /** Whether nobody is signed in. */
  isShut = true
  /** Of sessions: what was asked in an earlier one may be refused in the next. */
  private count = 0

  constructor(private readonly send: typeof fetch = (...request) => fetch(...request)) {}

  /** Somebody is signed in. */
  open(): void {
    this.isShut = false
    this.count += 1
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const isOfSession = typeof input === 'string' && SESSION.test(input)
    if (this.isShut && !isOfSession) return signedOut()
    const session = this.count
    const response = await this.send(input, init)
    if (response.status === 401 && session === this.count) this.close()
    return response
  }

  private close(): void {
    if (this.isShut) return
    this.isShut = true
    this.onEnd()
  }
}

function signedOut(): Response {
  const problem = { type: 'about:blank', title: 'Signed out', status: 401, code: 'signed_out', detail: 'The session has ended.' }
  return new Response(JSON.stringify(problem), { status: 401, headers: { 'content-type': 'application/problem+json' } })
}
