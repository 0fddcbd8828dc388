import { expect, it } from 'vitest'
import { apart } from '../src/labels'

const SIZE = { width: 1600, height: 900 }
const label = (left: number, top: number) => ({ left, top, width: 200, height: 40 })

it('labels that would lie on each other are moved, the nearest way first', () => {
  expect(apart([label(100, 100), label(250, 110), label(100, 120)], SIZE)).toEqual([label(100, 100), label(250, 150), label(100, 200)])
  expect(apart([label(100, 100), label(300, 100), label(900, 100)], SIZE), 'beside each other they stay').toEqual([label(100, 100), label(300, 100), label(900, 100)])
})

it('labels stay in the picture, and where there is no room stay where they are', () => {
  expect(apart([label(1500, -20), label(1500, 890), label(1450, 870)], SIZE)).toEqual([label(1400, 0), label(1400, 860), label(1400, 820)])
  const low = { width: 1600, height: 40 }
  expect(apart([label(0, 0), label(10, 0)], low)).toEqual([label(0, 0), label(10, 0)])
})
