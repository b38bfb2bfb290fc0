import { expect, test } from 'vitest'
import { collectAfterBytes, hostFlags, type HostMachine, withoutHostFlags } from './host-flags.ts'

const MB = 2 ** 20
const machine = (gigabytes: number, cpus: number, heapLimitMb: number | null = 4288): HostMachine => ({
  memoryBytes: gigabytes * 1024 * MB,
  cpus,
  heapLimitBytes: heapLimitMb === null ? null : heapLimitMb * MB,
})
const youngOf = (flags: string[]) => flags.find((flag) => flag.startsWith('--max-semi-space-size='))

test.for([
  ['two cores and 24 GB', machine(24, 2), '--max-semi-space-size=256'],
  ['eight cores and 16 GB', machine(16, 8), '--max-semi-space-size=128'],
  ['sixteen cores and 16 GB', machine(16, 16), '--max-semi-space-size=64'],
  ['a container with half a gigabyte', machine(0.5, 4, 259), undefined],
  ['a daemon that was given sizes itself', machine(24, 2, null), undefined],
] as const)('the young generation fits the machine: %s', ([, given, expected]) => {
  expect(youngOf(hostFlags([], '', given))).toBe(expected)
})

test('the heap has the limit it has in a process of its own', () => {
  const [, , young, old] = hostFlags([], '', machine(24, 2)).map((flag) => Number(flag.split('=')[1]))
  expect(3 * young! + old!).toBe(4288)
})

test.for([
  [['--max-old-space-size=100'], ''],
  [['--max_semi_space_size=8'], ''],
  [[], '--max-old-space-size=100'],
] as const)('sizes of the project hold: %s %s', ([flags, nodeOptions]) => {
  expect(hostFlags(flags, nodeOptions, machine(24, 2))).toEqual(['--single-threaded-gc', '--experimental-vm-modules'])
})

test('test code sees the flags of the project, also those that a host has as well', () => {
  const given = ['--single-threaded-gc', '--conditions=x', '--experimental-vm-modules']
  expect(withoutHostFlags([...given, ...hostFlags(given, '', machine(24, 2))])).toEqual(given)
  expect(withoutHostFlags(given.slice(1))).toEqual(given.slice(1))
})

test('a host collects before its young generation is full', () => {
  expect(collectAfterBytes(hostFlags([], '', machine(24, 2)))).toBe(192 * MB)
  expect(collectAfterBytes(hostFlags([], '', machine(16, 16)))).toBe(48 * MB)
})
