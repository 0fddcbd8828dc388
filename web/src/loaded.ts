// Frames of a camera, shown once their pictures are there: one that still loads would be black.
import type { CameraView } from './client'

/** A picture that is not loaded by then is shown as far as it is. */
const MOST_MS = 10_000

/** Shows each frame once its picture is loaded; of those that come meanwhile the newest alone. */
export function newestLoaded(look: (onView: (view: CameraView) => void) => () => void, show: (view: CameraView) => void): () => void {
  let next: CameraView | null = null
  let isLoading = false
  let over = false
  const load = async () => {
    if (isLoading) return
    isLoading = true
    while (next && !over) {
      const view: CameraView = next
      next = null
      await isLoaded(view.url)
      if (!over) show(view)
    }
    isLoading = false
  }
  const leave = look((view) => {
    next = view
    void load()
  })
  return () => {
    over = true
    leave()
  }
}

function isLoaded(url: string): Promise<void> {
  return new Promise((resolve) => {
    const image = new Image()
    const end = () => {
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(end, MOST_MS)
    image.onload = image.onerror = end
    image.src = url
  })
}
