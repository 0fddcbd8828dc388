import { expect, it } from 'vitest'
import { Speed } from '../src/speed'

it('a speed is that of the last seconds, and not known at once', () => {
  const speed = new Speed()
  expect([speed.after(0, 0), speed.after(100, 100), speed.after(1000, 1000)]).toEqual([null, null, 1000])
  expect(speed.after(1000, 20_000)).toBeNull()
  expect(speed.after(6000, 21_000)).toBe(5000)
  speed.reset()
  expect(speed.after(9000, 22_000)).toBeNull()
})
