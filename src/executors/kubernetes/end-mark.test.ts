import { expect, test } from 'vitest'
import { markedStream } from './end-mark.ts'

const WORD = 'abcabd'

test.each([1, 2, 3, 5, 100])('a mark is found over any cuts, and is no output: %i bytes at a time', (size) => {
  const stream = markedStream(WORD)
  const all = Buffer.from(`said\x1e\x1eabcabc\n\x1e${WORD}later`)
  let heard = ''
  for (let at = 0; at < all.length; at += size) heard += stream.push(all.subarray(at, at + size)).toString()
  expect([heard, stream.isMarked]).toEqual(['said\x1e\x1eabcabc\nlater', true])
})

test('what only begins like a mark is output after all', () => {
  const stream = markedStream(WORD)
  expect([stream.push(Buffer.from('x\x1eabc')).toString(), stream.rest().toString(), stream.isMarked]).toEqual([
    'x',
    '\x1eabc',
    false,
  ])
})
