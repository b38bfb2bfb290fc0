import { expect, test } from 'vitest'
import { shardLog } from './shard-log.ts'

test('a log is kept whole, and of a long one the beginning and the end', () => {
  const short = shardLog(10)
  short.add('0123')
  short.add('456789')
  expect(short.text()).toBe('0123456789')
  const long = shardLog(10)
  for (let i = 0; i < 30; i++) long.add(`${i % 10}`)
  expect(long.text()).toMatch(/^01234\n… \d+ characters are left out …\n\d*56789$/)
})
