import { expect, test } from 'vitest'
import { settingsOf } from './options.ts'

const faultOf = (options: object) => settingsOf(options, {}).fault

test('options that are right are taken, and the variable is stronger', () => {
  const options = { hangLimit: 1_500, waitLimit: 10, sharding: false, leaser: undefined } as const
  expect(settingsOf(options, {})).toMatchObject({ hangLimitMs: 1_500, isHangLimitExact: true, waitMs: 10, fault: undefined })
  expect(settingsOf(options, { EVERWARM_HANG_MS: '99' })).toMatchObject({ hangLimitMs: 99 })
  expect(settingsOf({}, {})).toMatchObject({ hangLimitMs: 30_000, isHangLimitExact: false, waitMs: 30_000, fault: undefined })
})

test.for<[unknown, string]>([
  [Number.NaN, 'not NaN.'],
  [Infinity, 'not Infinity.'],
  [0, 'not 0.'],
  [-1, 'not -1.'],
  [1.5, 'not 1.5.'],
  ['30s', "not '30s'."],
  [null, 'not null.'],
  [2 ** 31, 'not 2147483648.'],
])('a limit of %o is refused, shown as it was written', ([value, shown]) => {
  for (const [name, max] of [
    ['hangLimit', 2_147_483_647],
    ['waitLimit', 3_600_000],
  ] as const) {
    const fault = faultOf({ [name]: value })
    expect(fault).toMatchObject({ code: 'CONFIG_INVALID', hint: 'Correct it in the configuration of Vitest.' })
    expect(fault!.message).toBe(`everwarm({ ${name} }) must be a whole number of ms from 1 to ${max}, ${shown}`)
  }
})

test('an option that there is not is refused with those that there are, and the one that was meant', () => {
  expect(faultOf({ nope: 1 })).toMatchObject({
    code: 'CONFIG_INVALID',
    message: 'everwarm() has no option "nope".',
    hint: 'There are hangLimit, waitLimit, sharding.',
  })
  expect(faultOf({ hanglimit: 1 })!.hint).toBe('Did you mean "hangLimit"?')
})
