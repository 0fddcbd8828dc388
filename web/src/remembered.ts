// What this device remembers of what is begun and not saved yet: over a reload, a closed tab, and the end of a session.
// Signing out removes it. Where storage is off or full nothing is remembered, and the page goes on.

const PREFIX = 'tablewatch-begun/'

export function remembered(key: string): string | null {
  return stored(PREFIX + key)
}

/** `text`: null to forget it. */
export function remember(key: string, text: string | null): void {
  store(PREFIX + key, text)
}

/** Of what stays when somebody signs out; null where there is nothing. */
export function stored(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

/** `text`: null to remove it. */
export function store(key: string, text: string | null): void {
  try {
    if (text === null) localStorage.removeItem(key)
    else localStorage.setItem(key, text)
  } catch {
    // Full, or off: then it is lost with the view.
  }
}

/** Whoever uses this device next finds nothing of what was begun. */
export function forgetAll(): void {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX)) localStorage.removeItem(key)
  } catch {
    // Off: then there is nothing.
  }
}

/** Calls when another tab remembers or forgets it; returns a function that ends it. */
export function onElsewhere(key: string, call: () => void): () => void {
  const listen = (event: StorageEvent) => {
    if (event.key === PREFIX + key) call()
  }
  addEventListener('storage', listen)
  return () => removeEventListener('storage', listen)
}
