import { expect, test } from 'vitest'
import { namesHint } from './known-names.ts'

const KNOWN = ['hangLimit', 'waitLimit', 'sharding']

test.for([
  ['hangLimt', 'Did you mean "hangLimit"?'],
  ['hanglimit', 'Did you mean "hangLimit"?'],
  ['waitLimits', 'Did you mean "waitLimit"?'],
  ['shardng', 'Did you mean "sharding"?'],
  ['nope', 'There are hangLimit, waitLimit, sharding.'],
  ['', 'There are hangLimit, waitLimit, sharding.'],
])('%j gets the nearest name, or all of them if none is near', ([given, hint]) => {
  expect(namesHint(given!, KNOWN)).toBe(hint)
})

test('two letters that are swapped are one slip; one name is not several; most names are counted', () => {
  expect(namesHint('biuld', ['build'])).toBe('Did you mean "build"?')
  expect(namesHint('x', ['version'])).toBe('There is only version.')
  expect(namesHint('x', ['alpha', 'beta', 'gamma'], 2)).toBe('There are alpha, beta and 1 more.')
})
