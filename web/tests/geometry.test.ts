import { expect, it } from 'vitest'
import { cropOf, pointsOf } from '../src/parts/geometry'

const SIZE = { width: 1000, height: 500 }

it('a crop has the outline and every box, with a margin that ends at the edge of the picture', () => {
  const outline: [number, number][] = [[0.4, 0.4], [0.6, 0.4], [0.6, 0.6], [0.4, 0.6]]
  expect(cropOf(outline, [], SIZE)).toEqual([370, 185, 260, 130])
  expect(cropOf(outline, [[0, 0.2, 0.5, 1]], SIZE)).toEqual([0, 40, 690, 460])
})

it('points are in pixels', () => {
  expect(pointsOf([[0, 0], [0.5, 1]], SIZE)).toBe('0,0 500,500')
})
