import { expect, test } from 'vitest'
import { memoryResult } from './memory.ts'

const limits = { files: 2000, fromFile: 300, growsAtMost: 0.1 }
const points = (bytes: (files: number) => number) =>
  Array.from({ length: 40 }, (_, i) => ({ files: i * 50, largestHostBytes: bytes(i * 50) }))

test('what a host grows before file 300 does not count', () => {
  expect(
    memoryResult(
      points((files) => (files < 300 ? files : 400)),
      limits,
    ),
  ).toMatchObject({ growth: 0, isReached: true })
})
test('growth is measured from medians, so that one garbage collection does not decide', () => {
  const result = memoryResult(
    points((files) => (files === 1950 ? 1 : 100 + files / 10)),
    limits,
  )
  expect(result.growth).toBeCloseTo((100 + 180) / (100 + 40) - 1, 1)
  expect(result.isReached).toBe(false)
})
test('a pool without hosts is an error', () =>
  expect(() => memoryResult([{ files: 500, largestHostBytes: 0 }], limits)).toThrow('no host'))
