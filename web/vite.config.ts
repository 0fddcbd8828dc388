import { defineConfig } from 'vitest/config'

// `npm run dev` beside `make run`: API_URL is the address that it printed.
const api = process.env.API_URL ?? 'http://127.0.0.1:8700'

export default defineConfig({
  base: './', // a proxy may put the page below a prefix
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
