import { expect, test } from 'vitest'
import { storableJson } from './storable.ts'

test('what a database cannot keep is replaced, and nothing else', () => {
  const value = { text: 'a\0b\ud800c', pair: '😀', escaped: '\\u0000', 'k\0': [1, null, true, 'd\udc00'] }
  expect(JSON.parse(storableJson(value))).toEqual({
    text: 'a\u{fffd}b\u{fffd}c',
    pair: '😀',
    escaped: '\\u0000',
    'k\u{fffd}': [1, null, true, 'd\u{fffd}'],
  })
})
