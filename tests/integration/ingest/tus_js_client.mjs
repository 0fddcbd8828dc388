// Uploads FILE to URL with TOKEN by tus-js-client as it is; prints "progress N" as it goes and "done" at the end.
// Loaded from the page's node_modules: node tus_js_client.mjs MODULE URL TOKEN FILE CHUNK [PARALLEL]
import { createReadStream, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'

const [module, endpoint, token, file, chunk, parallel] = process.argv.slice(2)
const tus = createRequire(import.meta.url)(module)
const upload = new tus.Upload(parallel ? readFileSync(file) : createReadStream(file), {
  endpoint,
  headers: { Authorization: `Bearer ${token}` },
  chunkSize: Number(chunk),
  ...(parallel ? { parallelUploads: Number(parallel) } : { uploadSize: statSync(file).size }),
  metadata: { filename: 'clip.mp4' },
  retryDelays: Array(90).fill(500),
  onChunkComplete: (_size, accepted) => console.log(`progress ${accepted}`),
  onError: (error) => {
    console.log(`error ${error.message}`)
    process.exit(1)
  },
  onSuccess: () => {
    console.log('done')
    process.exit(0)
  },
})
upload.start()
