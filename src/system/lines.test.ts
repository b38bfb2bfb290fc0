import { expect, test } from 'vitest'
import { lineCutter } from './lines.ts'

function linesOf(text: string, chunkBytes: number): string[] {
  const bytes = Buffer.from(text)
  const lines: string[] = []
  const cut = lineCutter((line) => lines.push(line))
  for (let at = 0; at < bytes.length; at += chunkBytes) cut(bytes.subarray(at, at + chunkBytes))
  return lines
}

test.for([1, 2, 3, 5, 100])('chunks of %i bytes give the same lines', (chunkBytes) => {
  expect(linesOf('one\n\nдва 🙂\nrest', chunkBytes)).toEqual(['one', '', 'два 🙂'])
})

test('a line beyond the limit is refused', () => {
  const cut = lineCutter(() => {}, 10)
  expect(() => cut(Buffer.from('12345678901'))).toThrow(RangeError)
})
