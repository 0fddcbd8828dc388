// @vitest-environment jsdom
import { expect, it } from 'vitest'
import { Client, type SystemHealth, type SystemPart } from '../src/client'
import { SystemHealthCard } from '../src/parts/system-health'
import { T } from '../src/texts'
import { show, storeOf } from './show'

const ALL = Object.keys(T.system.parts)

function health(states: Partial<Record<string, SystemPart['state']>> = {}): SystemHealth {
  return { version: '0.1.0', as_of: '', parts: ALL.map((part) => ({ part, state: states[part] ?? 'well', purpose: '' })) }
}

async function shown(answer: Promise<SystemHealth>): Promise<string> {
  const root = show(<SystemHealthCard />, storeOf(Object.assign(new Client(), { systemHealth: () => answer })))
  await answer.catch(() => undefined)
  await new Promise((resolve) => setTimeout(resolve, 50)) // drawn at most once an animation frame
  return root.textContent ?? ''
}

it('names every part that the API knows, in words of its own', async () => {
  const text = await shown(Promise.resolve(health()))
  expect(text).toContain(T.system.allWell)
  for (const name of Object.values(T.system.parts)) expect(text).toContain(`${name}${T.system.states.well}`)
})

it('says which part does not work', async () => {
  const text = await shown(Promise.resolve(health({ extractor: 'away' })))
  expect(text).toContain(T.system.notAll)
  expect(text).toContain(`${T.system.parts['extractor']}${T.system.states.away}`)
})

it('claims nothing of parts of which nothing is known', async () => {
  expect(await shown(Promise.resolve(health({ cropper: 'unknown' })))).toContain(T.system.unknown)
  const text = await shown(Promise.reject(new Error('no answer')))
  expect(text).toContain(T.system.unreachable)
  expect(text).not.toContain(T.system.states.well)
})
