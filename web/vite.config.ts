import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

/** Writes scripts and styles compressed beside them, once and as small as can be: the api sends them as they are. */
function compressed(): Plugin {
  let folder = ''
  return {
    name: 'compressed',
    apply: 'build',
    configResolved: ({ root, build }) => void (folder = path.resolve(root, build.outDir, build.assetsDir)),
    closeBundle: async () => {
      const files = (await readdir(folder)).filter((each) => /\.(js|css)$/.test(each))
      await Promise.all(files.map((each) => compress(path.join(folder, each))))
    },
  }
}

async function compress(file: string): Promise<void> {
  const bytes = await readFile(file)
  await writeFile(`${file}.br`, await promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }))
  await writeFile(`${file}.gz`, await promisify(gzip)(bytes, { level: 9 }))
}

// `npm run dev` beside `make run`: API_URL is the address that it printed.
const api = process.env.API_URL ?? 'http://127.0.0.1:8700'

export default defineConfig({
  base: './', // a proxy may put the page below a prefix
  plugins: [compressed()],
  build: { target: 'es2022', sourcemap: true },
  server: { proxy: { '/v1': api, '/docs': api, '/openapi.json': api } },
  test: {
    environment: 'node',
    include: ['tests/**/*.test.{ts,tsx}'],
    setupFiles: 'tests/patience.ts',
    testTimeout: 60_000,
    // Outside a bundle the package resolves to its Node build; the page runs the browser's.
    alias: { 'tus-js-client': 'tus-js-client/lib.es5/browser/index.js' },
  },
})
