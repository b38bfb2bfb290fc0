import { expect, test } from 'vitest'
import { duration } from '../strategies/duration.ts'
import { checkSharding, type ShardingOptions } from './options.ts'

const check = (options: unknown) => () => checkSharding(options as ShardingOptions)

test('options that are right are taken', () => {
  expect(check({})).not.toThrow()
  expect(check({ strategy: undefined })).not.toThrow()
  expect(check({ strategy: 'tag', tagMode: 'spread', level: 2, failedWithinMs: 0, timings: 'a.jsonl' })).not.toThrow()
  expect(check({ strategy: { ...duration, name: 'mine' } })).not.toThrow()
})

test('a strategy that there is not is refused with those that there are, and the one that was meant', () => {
  expect(check({ strategy: 'durations' })).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      message: 'There is no strategy "durations", which the configuration asks for.',
      hint: 'Did you mean "duration"?',
    }),
  )
  expect(check({ strategy: {} })).toThrow('A strategy has a `name` and a function `distribute`')
})

test.for<[unknown, string]>([
  ['duration', "The option sharding must be an object of options, or false, not 'duration'."],
  [null, 'The option sharding must be an object of options, or false, not null.'],
  [{ strategie: 'tag' }, 'There is no sharding option "strategie".'],
  [{ strategy: 3 }, 'The sharding option strategy must be the name of a strategy, or a strategy, not 3.'],
  [{ level: 0 }, 'The sharding option level must be a whole number from 1, not 0.'],
  [{ tagMode: 'grouped' }, "The sharding option tagMode must be 'group' or 'spread', not 'grouped'."],
  [{ failedWithinMs: Number.NaN }, 'The sharding option failedWithinMs must be a number of ms from 0, not NaN.'],
  [{ timings: '' }, "The sharding option timings must be the path of a folder or file, not ''."],
])('%o is refused: %s', ([options, message]) => {
  expect(check(options)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', message }))
})
