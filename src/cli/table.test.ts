import { expect, test } from 'vitest'
import { count } from './table.ts'

test.for([
  [0, '0 files'],
  [1, '1 file'],
  [2, '2 files'],
  [1_200, '1,200 files'],
] as const)('of %i it says "%s"', ([n, text]) => {
  expect(count(n, 'file')).toBe(text)
})
