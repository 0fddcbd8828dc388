// How views are looked at: widths, colours, and axe-core.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

export const LOOKS = [
  { name: 'wide-light', width: 1440, height: 1000, colorScheme: 'light' },
  { name: 'wide-dark', width: 1440, height: 1000, colorScheme: 'dark' },
  { name: 'narrow-light', width: 360, height: 780, colorScheme: 'light' },
  { name: 'narrow-dark', width: 360, height: 780, colorScheme: 'dark' },
]

/** axe-core, by the rules of WCAG 2.2 A and AA. */
export async function findNothing(page, where) {
  await page.evaluate(AXE)
  const { violations } = await page.evaluate((tags) => window.axe.run({ runOnly: tags }), RULES)
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`)
  assert.deepEqual(found, [], `axe-core finds in ${where}`)
}
