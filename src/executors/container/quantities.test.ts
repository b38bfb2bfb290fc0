import { expect, test } from 'vitest'
import { quantity } from './quantities.ts'

test.each([
  ['2', 2],
  ['500m', 0.5],
  ['.5', 0.5],
  ['1Ki', 1_024],
  ['1k', 1_000],
  ['128Mi', 134_217_728],
  ['1.5G', 1_500_000_000],
  ['1e3', 1_000],
])('%s is %d', (text, value) => {
  expect(quantity(text, 'x')).toBeCloseTo(value, 9)
})

test.each(['', 'x', '1 Gi', '-1', '1KiB', '0x10'])('"%s" is none', (text) => {
  expect(() => quantity(text, 'container.resources.limits.cpu')).toThrow(/container\.resources\.limits\.cpu/)
})
