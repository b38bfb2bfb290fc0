import { expect, test } from 'vitest'
import { HOST_FLAGS, withoutHostFlags, youngMegabytes } from './host-flags.ts'

const GB = 2 ** 30

test.for([
  ['two cores and 24 GB', 24, 2, 256],
  ['eight cores and 16 GB', 16, 8, 128],
  ['sixteen cores and 16 GB', 16, 16, 64],
  ['a container with half a gigabyte', 0.5, 4, 16],
] as const)('the young generation fits the machine: %s', ([, gigabytes, cores, expected]) => {
  expect(youngMegabytes(gigabytes * GB, cores)).toBe(expected)
})

test('flags of the project stay, also where a host has the same', () => {
  expect(withoutHostFlags(['--single-threaded-gc', '--conditions=x', ...HOST_FLAGS])).toEqual([
    '--single-threaded-gc',
    '--conditions=x',
  ])
})
