import { expect, test } from 'vitest'
import { readStreamAddress, streamAddress } from './stream-address.ts'

const SECRET = Buffer.alloc(32, 1)
const STREAM = { sessionId: 'a/b', shardId: 'c d', workerId: 'e&f' }
const address = (change = (text: string) => text) => new URL(change(streamAddress(STREAM, 1_000, SECRET)), 'http://x')

test('an address leads to the browser that it was signed for, until its end', () => {
  expect(readStreamAddress(address(), SECRET, 999)).toEqual(STREAM)
  expect(() => readStreamAddress(address(), SECRET, 1_000)).toThrow(expect.objectContaining({ code: 'TOKEN_EXPIRED' }))
  expect(readStreamAddress(new URL('http://x/api/sharding/workers'), SECRET, 0)).toBeUndefined()
})

test.each([
  ['another worker', 'worker=e%26f', 'worker=g'],
  ['another shard', 'c%20d', 'c'],
  ['a later end', 'expires=1000', 'expires=9000'],
  ['no signature', /signature=.*/, ''],
  ['a broken name', 'c%20d', '%ff'],
])('changed to %s it is refused', (_, from, to) => {
  const changed = address((text) => text.replace(from, to))
  expect(() => readStreamAddress(changed, SECRET, 0)).toThrow(expect.objectContaining({ code: 'TOKEN_REFUSED' }))
})
