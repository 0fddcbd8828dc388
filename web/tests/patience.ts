// How long tests wait for a condition, unless they say otherwise: a second, as vitest has it, is short on a busy machine.
import { vi } from 'vitest'

const MOST_MS = 30_000

const { waitFor } = vi
vi.waitFor = (check, options = MOST_MS) => waitFor(check, options)
