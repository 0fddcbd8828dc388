// What this tab remembers over a reload. Where its storage is off or full it remembers nothing, and the page goes on.

export function remembered(key: string): string | null {
  try {
    return sessionStorage.getItem(key)
  } catch {
    return null
  }
}

/** `text`: null to forget it. */
export function remember(key: string, text: string | null): void {
  try {
    if (text === null) sessionStorage.removeItem(key)
    else sessionStorage.setItem(key, text)
  } catch {
    // Full, or off: then it is lost with the view.
  }
}
