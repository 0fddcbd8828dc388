// A headless Chromium from npm: nothing to install beside `npm ci`.
import sparticuz from '@sparticuz/chromium'
import { chromium } from 'playwright-core'

/** CHROMIUM names another browser. `more`: arguments of it. */
export async function launch(more = []) {
  const executablePath = process.env.CHROMIUM ?? (await sparticuz.executablePath())
  // One renderer would be shared by all pages, and a page that crashes would take the others along.
  const args = sparticuz.args.filter((each) => !['--single-process', '--no-zygote'].includes(each))
  return chromium.launch({ executablePath, args: [...args, ...more], headless: true })
}
