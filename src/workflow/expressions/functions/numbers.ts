import { rounded } from '../numbers.ts'
import { numberOf } from '../operators.ts'
import type { PlainFunction } from './function.ts'

const oneNumber = (name: string, meaning: string, compute: (value: number) => number): PlainFunction => ({
  name,
  group: 'numbers',
  parameters: 'value',
  meaning,
  min: 1,
  max: 1,
  call: ([value = null]) => compute(numberOf(value, `What ${name}() was given`)) + 0,
})

// + 0 makes zero of minus zero: Math.ceil(-0.5) is one.
export const numberFunctions: readonly PlainFunction[] = [
  oneNumber('int', 'the number, cut toward zero', Math.trunc),
  oneNumber('float', 'the number that a text is', (value) => value),
  oneNumber('floor', 'the next whole number below', Math.floor),
  oneNumber('ceil', 'the next whole number above', Math.ceil),
  oneNumber('round', 'the nearest whole number, halves away from zero: `round(-2.5)` is -3', rounded),
]
