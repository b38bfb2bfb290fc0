import { expect, test } from 'vitest'
import type { HostProfile } from '../contracts/profiles.ts'
import { limitsOf } from '../../tests/support/limits.ts'
import { freePlaces, type Limits, limitsFor } from './limits.ts'
import { newSlot, type Slot, type SlotLife } from './slot.ts'
import { missingSpares, needsSpare, needsSuccessor, poolSteps } from './steps.ts'

const MB = 1024 * 1024
const limits: Limits = limitsOf({ hosts: 2, hostBytes: 100 * MB, browsers: 1, browserBytes: 200 * MB, maxBytes: 1_000 * MB })
const profile: HostProfile = {
  environment: 'node',
  nodePath: '/node',
  execArgv: [],
  env: {},
  cwd: '/',
  root: '/',
  vitestPackage: '/v',
  preload: [],
  cacheDir: '/c',
}
const idle = (sinceMs = 0): SlotLife => ({ status: 'idle', sinceMs })
const held = { leaseId: 'L', hostId: '1', clientId: 'C', sinceMs: 0, token: 't', isReturning: false }
const leased: SlotLife = { status: 'leased', held: [held] }

/** "1:a" is host 1 of profile a. */
function slot(name: string, life: SlotLife, rssBytes = 0): Slot {
  const [hostId, profileKey] = name.split(':') as [string, string]
  return { ...newSlot({ hostId, profile, profileKey, rootMark: '', openedAtMs: 0 }), life, rssBytes }
}
const line = (...keys: string[]) =>
  keys.map((profileKey, i) => ({ requestId: `r${i}`, clientId: 'c', profileKey, contexts: 1, sinceMs: 0, deadlineMs: 1 }))
/** A host of theirs has three contexts. */
const shared = (...keys: string[]) => line(...keys).map((entry) => ({ ...entry, contexts: 3 }))

test.for<[string, string[], Slot[], unknown[]]>([
  ['nobody waits, nothing happens', [], [slot('1:a', idle())], []],
  ['an idle host of the profile is lent', ['a'], [slot('1:a', idle())], [{ do: 'grant', requestId: 'r0', hostId: '1' }]],
  [
    'the one used last is lent first',
    ['a'],
    [slot('1:a', idle(5)), slot('2:a', idle(9))],
    [{ do: 'grant', requestId: 'r0', hostId: '2' }],
  ],
  ['without one, one is opened', ['a'], [slot('1:b', leased)], [{ do: 'open', profileKey: 'a' }]],
  [
    'for two who wait two are opened',
    ['a', 'a'],
    [],
    [
      { do: 'open', profileKey: 'a' },
      { do: 'open', profileKey: 'a' },
    ],
  ],
  [
    'one that opens already is counted on, once',
    ['a', 'a'],
    [slot('1:a', { status: 'opening' })],
    [{ do: 'open', profileKey: 'a' }],
  ],
  [
    'at the limit the idle host used longest ago makes room',
    ['a'],
    [slot('1:b', idle(5)), slot('2:c', idle(3))],
    [{ do: 'evict', hostId: '2' }],
  ],
  [
    'one that leaves already makes room for one',
    ['a'],
    [slot('1:b', idle()), slot('2:c', { status: 'retiring', reason: 'old' })],
    [],
  ],
  ['at the limit, all leased: one waits', ['a'], [slot('1:b', leased), slot('2:c', leased)], []],
])('%s', ([, keys, slots, steps]) => {
  expect(poolSteps(line(...keys), slots, limits, 'node')).toEqual(steps)
})

test('where a host has three contexts, four who wait have two hosts opened', () => {
  const open = { do: 'open', profileKey: 'a' }
  expect(poolSteps(shared('a', 'a', 'a', 'a'), [], limits, 'node')).toEqual([open, open])
})

test.for<[string, Slot[], number]>([
  ['an empty pool', [], 2],
  ['one host', [slot('1:a', idle())], 1],
  ['a full pool', [slot('1:a', idle()), slot('2:a', leased)], 0],
  ['one host that fills the memory', [slot('1:a', idle(), 950 * MB)], 0],
])('places left with %s', ([, slots, free]) => {
  expect(freePlaces(slots, limits, 'node')).toBe(free)
})

test('the first host may be opened whatever the memory', () => {
  expect(freePlaces([], { ...limits, maxBytes: 1 }, 'node')).toBe(1)
})

test('hosts are limited to two per CPU and half of the memory', () => {
  expect(limitsFor({ cpus: 8, memoryBytes: 1_000 })).toMatchObject({ families: { node: { most: 16 } }, maxBytes: 500 })
  expect(limitsFor({ cpus: 1, memoryBytes: 1_000 }).families.node.most).toBe(4)
  expect(limitsFor({ cpus: 8, memoryBytes: 1_000 }, 3).families.node.most).toBe(3)
})

test('spares are missing for profiles used lately that have no host ready', () => {
  const used = new Map([
    ['a', 100],
    ['b', 300],
    ['c', 200],
    ['d', 0],
  ])
  const rule = { now: 400, withinMs: 350, count: 3 }
  expect(missingSpares(used, [], rule)).toEqual(['b', 'c', 'a'])
  expect(missingSpares(used, [slot('1:b', idle()), slot('2:c', leased)], rule)).toEqual(['c', 'a'])
})

test.for<[string, number, Slot[], boolean]>([
  ['after one taint nothing is assumed', 1, [slot('1:a', leased)], false],
  ['after two in a row a successor opens', 2, [slot('1:a', leased)], true],
  ['not if one is idle', 2, [slot('1:a', leased), slot('2:a', idle())], false],
  ['not if one opens', 2, [slot('1:a', leased), slot('2:a', { status: 'opening' })], false],
  ['one of another profile does not count', 2, [slot('1:a', leased), slot('2:b', idle())], true],
])('%s', ([, taints, slots, expected]) => {
  expect(needsSuccessor('a', taints, slots)).toBe(expected)
})

test.for<[string, Slot[], boolean]>([
  ['none is at work', [], false],
  ['one is at work and none ready', [slot('1:a', leased)], true],
  ['one is at work and one opens', [slot('1:a', leased), slot('2:a', { status: 'opening' })], false],
  ['two are at work and one is ready', [slot('1:a', leased), slot('2:a', leased), slot('3:a', idle())], true],
  ['the ready one is of another profile', [slot('1:a', leased), slot('2:b', idle())], true],
  ['the one that was at work is ending', [slot('1:a', { status: 'retiring', reason: 'worn' })], false],
])('of hosts that serve once, %s: another opens: %s', ([, slots, isNeeded]) => {
  expect(needsSpare('a', slots)).toBe(isNeeded)
})
