// A page with nothing but the browser client in it.
import { Client, startUpload } from '../src/client'

/** Sends the file of the input; `window.seen` has what happened. */
window.begin = async () => {
  const seen = (window.seen = { sent: 0, resumed: null, done: false, error: null })
  const [file] = document.querySelector('input').files
  try {
    const client = new Client()
    const upload = await startUpload({ client, file, video: { site_id: 'site_test' }, onProgress: ({ sent }) => (seen.sent = sent) })
    seen.resumed = upload.resumed
    await upload.done
    seen.done = true
  } catch (error) {
    seen.error = String(error)
  }
}
