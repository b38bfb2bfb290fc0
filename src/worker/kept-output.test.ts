import { expect, test } from 'vitest'
import { keptOutput } from './kept-output.ts'

const text = (piece: { offset: number; bytes: Buffer } | undefined) => piece && [piece.offset, piece.bytes.toString()]

test('bytes are sent once, in pieces of at most the size that fits in a frame', () => {
  const output = keptOutput()
  output.add(Buffer.from('abcde'))
  output.add(Buffer.from('fg'))
  expect([output.next(3), output.next(3), output.next(3), output.next(3)].map(text)).toEqual([
    [0, 'abc'],
    [3, 'de'],
    [5, 'fg'],
    undefined,
  ])
})

test('after a lost connection sending goes on at the byte after the acknowledged ones', () => {
  const output = keptOutput()
  output.add(Buffer.from('abcde'))
  output.add(Buffer.from('fg'))
  while (output.next(10));
  output.ack(3)
  expect(output.rewind(3)).toBe(true)
  expect([output.next(10), output.next(10), output.next(10)].map(text)).toEqual([[3, 'de'], [5, 'fg'], undefined])
  expect(output.size).toBe(4)
})

test('what is acknowledged is not kept, and cannot be asked for again', () => {
  const output = keptOutput()
  output.add(Buffer.from('abcde'))
  output.next(10)
  output.ack(5)
  expect([output.size, output.rewind(4), output.rewind(6), output.ack(6)]).toEqual([0, false, false, false])
})

test('an acknowledgement may run ahead of a connection that has just begun anew', () => {
  const output = keptOutput()
  output.add(Buffer.from('abc'))
  output.add(Buffer.from('def'))
  output.rewind(0)
  output.ack(4)
  expect(text(output.next(10))).toEqual([4, 'ef'])
})
