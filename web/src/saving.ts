// A file that the page holds, as the browser saves it.
const READ_MS = 60_000

export function saveFile(file: File): void {
  const url = URL.createObjectURL(file)
  const link = Object.assign(document.createElement('a'), { href: url, download: file.name })
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), READ_MS) // the browser reads it after the click
}
