// The browser client of tablewatch. Copy this folder and ../generated/events.ts into your own page; the only package
// it needs is tus-js-client, and only for uploads.
export * from './documents'
export * from './http'
export * from './shared'
export * from './stream'
export * from './upload'
export * from './view'
