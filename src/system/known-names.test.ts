import { expect, test } from 'vitest'
import { namesHint } from './known-names.ts'

const KNOWN = ['hangLimit', 'waitLimit', 'sharding']

test.for([
  ['hangLimt', 'Did you mean "hangLimit"? '],
  ['hanglimit', 'Did you mean "hangLimit"? '],
  ['waitLimits', 'Did you mean "waitLimit"? '],
  ['shardng', 'Did you mean "sharding"? '],
  ['nope', ''],
  ['', ''],
])('%j gets the nearest name, if one is near, and all of them', ([given, guess]) => {
  expect(namesHint(given!, KNOWN)).toBe(`${guess}There are hangLimit, waitLimit, sharding.`)
})
