// A file that was chosen, looked at before anything of it is sent.
import { T } from './texts'

/** What a browser may give another type than that of a video. */
const EXTENSIONS = /\.(mp4|m4v|mov|mkv|webm|avi|ts|mts|m2ts|mpg|mpeg|vob|wmv|flv|3gp|ogv)$/i
const SURELY_ELSE = /^(image\/|text\/|audio\/|application\/pdf$)/
const LENGTH_MS = 3000

/** Why it is not worth sending, with the code that ingest has for it; null: what it is is found out when it is read. */
export function refusalOf({ name, size, type }: Pick<File, 'name' | 'size' | 'type'>): string | null {
  if (size === 0) return `${T.upload.empty(name)} (empty_file)`
  return SURELY_ELSE.test(type) && !EXTENSIONS.test(name) ? `${T.upload.notVideo(name)} (not_a_video)` : null
}

/** Whether the browser can still read it: not after it was changed, moved or deleted on the disk. */
export function isReadable(file: File): Promise<boolean> {
  const reader = new FileReader()
  return new Promise((resolve) => {
    reader.onload = () => resolve(true)
    reader.onerror = () => resolve(false)
    reader.readAsArrayBuffer(file.slice(0, 1))
  })
}

/** Length in ms as far as this browser can read it; null: it cannot, which says nothing of the file. */
export function lengthOf(file: File): Promise<number | null> {
  const video = document.createElement('video')
  const url = URL.createObjectURL(file)
  return new Promise<number | null>((resolve) => {
    const timer = setTimeout(() => resolve(null), LENGTH_MS)
    const end = (length: number | null) => {
      clearTimeout(timer)
      resolve(length)
    }
    video.onloadedmetadata = () => end(Number.isFinite(video.duration) ? video.duration * 1000 : null)
    video.onerror = () => end(null)
    video.preload = 'metadata'
    video.src = url
  }).finally(() => {
    video.removeAttribute('src')
    URL.revokeObjectURL(url)
  })
}
