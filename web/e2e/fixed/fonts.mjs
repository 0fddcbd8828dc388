// The font that comes with the browser, read out of its package: what the package unpacks beside the browser is missing
// where somebody has cleared the folder for temporary files in part.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { brotliDecompressSync } from 'node:zlib'

const PACKED = path.join(path.dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium')), '../../bin/fonts.tar.br')
const BLOCK = 512

/** The bytes of each of these files, by name. */
export async function readFonts(names) {
  const packed = await readFile(PACKED).catch((error) => assert.fail(`no fonts in the package of the browser, which make install brings: ${error.message}`))
  const found = new Map(filesOf(brotliDecompressSync(packed)))
  for (const name of names) assert(found.has(name), `${PACKED} has no ${name}: name a font that it has in web/e2e/looks.spec.mjs`)
  return names.map((name) => found.get(name))
}

/** Names, without folders, and bytes of the files of a tar archive: a block with name and size, then what is in it. */
function* filesOf(archive) {
  for (let at = 0; at + BLOCK <= archive.length && archive[at] !== 0; ) {
    const name = archive.toString('utf8', at, at + 100).replace(/\0.*/s, '')
    const size = Number.parseInt(archive.toString('latin1', at + 124, at + 136), 8)
    const begin = at + BLOCK
    yield [path.basename(name), archive.subarray(begin, begin + size)]
    at = begin + Math.ceil(size / BLOCK) * BLOCK
  }
}
