// A page as another team would write it: Uppy and its tus plugin, unmodified, with the upload token as header.
import Uppy from '@uppy/core'
import Tus from '@uppy/tus'

/** Sends the file of the input by tus; `window.seen` has what happened. */
window.begin = ({ endpoint, token, chunkSize }) => {
  const seen = (window.seen = { sent: 0, done: null, errors: [], requests: [] })
  const uppy = (window.uppy = new Uppy({ id: 'tablewatch' }))
  uppy.use(Tus, {
    endpoint,
    headers: { Authorization: `Bearer ${token}` },
    chunkSize,
    retryDelays: [0, 1000, 3000, 5000, 10_000, 10_000, 10_000, 10_000, 10_000],
    onAfterResponse: (request, response) => seen.requests.push(`${request.getMethod()} ${response.getStatus()}`),
  })
  uppy.on('upload-progress', (_file, progress) => (seen.sent = progress.bytesUploaded))
  uppy.on('upload-error', (_file, error) => seen.errors.push(String(error)))
  uppy.on('complete', ({ successful, failed }) => (seen.done = { successful: successful.length, failed: failed.length }))
  const [file] = document.querySelector('input').files
  uppy.addFile({ name: file.name, type: file.type, data: file })
  void uppy.upload()
}
