import fc from 'fast-check'
import { expect, test } from 'vitest'
import { numberIn, numberText, rounded } from './numbers.ts'

test.each([
  [1_000_000, '1000000'],
  [123_456_789_012_345_680_000, '123456789012345680000'],
  [1e21, '1e+21'],
  [1e-7, '0.0000001'],
  [-1.5e-9, '-0.0000000015'],
  [0.1, '0.1'],
  [-0, '0'],
])('the text of %d is %s', (value, text) => expect(numberText(value)).toBe(text))

test('every number reads back from its text, which has no exponent below 1e21', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const text = numberText(value)
      expect(numberIn(text)).toBe(value + 0)
      if (Math.abs(value) < 1e21) expect(text).not.toContain('e')
    }),
    { numRuns: 2000 },
  )
})

test.each(['', ' ', 'abc', '0x10', '1,5', 'Infinity', 'NaN', '1e999', '1 2', '--1'])('%j is no number', (text) =>
  expect(numberIn(text)).toBeUndefined(),
)

test.each([
  [2.5, 3],
  [-2.5, -3],
  [2.4, 2],
  [-2.4, -2],
  [0.49999999999999994, 0],
  [0.5, 1],
  [-0.5, -1],
  [4503599627370495.5, 4503599627370496],
])('%d rounds to %d: halves go away from zero', (value, nearest) => expect(rounded(value) + 0).toBe(nearest))
