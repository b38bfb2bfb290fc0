import { expect, test } from 'vitest'
import type { ChildProfile, HostProfile } from '../contracts/profiles.ts'
import { DEFAULT_POLICY, type RecyclePolicy, retireReason } from './recycle.ts'
import { newSlot, type Slot } from './slot.ts'

const profile: HostProfile = {
  environment: 'node',
  nodePath: '/node',
  execArgv: [],
  env: {},
  cwd: '/app',
  root: '/app',
  vitestPackage: '/app/v',
  preload: [],
  cacheDir: '/c',
}
const policy: RecyclePolicy = {
  ...DEFAULT_POLICY,
  maxLeases: 100,
  maxFiles: 200,
  maxAgeMs: 60_000,
  maxIdleMs: 10_000,
  maxRssBytes: 1_000_000,
}

function slot(change: Partial<Slot>): Slot {
  return {
    ...newSlot({ hostId: '1', profile, profileKey: 'k', rootMark: 'm', openedAtMs: 0 }),
    life: { status: 'idle', sinceMs: 1_000 },
    ...change,
  }
}

test.for<[string, Partial<Slot>, number, string | null]>([
  ['a young, clean host stays', { leases: 99, files: 199, rssBytes: 1_000_000 }, 1_000, null],
  ['a host retires after its hundredth lease', { leases: 100 }, 1_000, 'worn'],
  ['a host retires after its two hundredth file', { files: 200 }, 1_000, 'worn'],
  ['a host above its memory retires', { rssBytes: 1_000_001 }, 1_000, 'heavy'],
  ['a host of one minute retires', { life: { status: 'idle', sinceMs: 59_000 } }, 60_000, 'old'],
  ['a host unused for ten seconds retires', {}, 11_000, 'unused'],
  ['a host in use is never unused', { life: { status: 'leased', held: [] } }, 50_000, null],
  ['a tainted host retires', { taint: 'handle: a server on port 3000' }, 1_000, 'tainted'],
  ['a drained host retires', { isDrained: true }, 1_000, 'drained'],
  ['taint is said before wear', { taint: 'x', leases: 100 }, 1_000, 'tainted'],
])('%s', ([, change, now, reason]) => {
  expect(retireReason(slot(change), policy, now)).toBe(reason)
})

test('a host whose dependencies were installed anew retires', () => {
  expect(retireReason(slot({}), policy, 1_000, 'm')).toBeNull()
  expect(retireReason(slot({}), policy, 1_000, 'n')).toBe('root-changed')
})

test.for([
  ['/app', 'worn'],
  ['/app/packages/a', 'worn'],
  ['/application', null],
] as const)('the limits of the folder /app reach %s: %s', ([root, reason]) => {
  const ruled = { ...policy, roots: { '/app': { maxLeases: 2 }, '/': { maxLeases: 50 } } }
  expect(retireReason(slot({ leases: 2, profile: { ...profile, root } }), ruled, 1_000)).toBe(reason)
})

test('a child for Vitest retires after its one lease, and not before', () => {
  const child: ChildProfile = {
    environment: 'vitest-child',
    runtime: 'bun',
    command: '/bun',
    args: [],
    env: {},
    root: '/app',
    vitestPackage: '/app/v',
  }
  expect(retireReason(slot({ profile: child, leases: 0 }), policy, 1_000)).toBe(null)
  expect(retireReason(slot({ profile: child, leases: 1 }), policy, 1_000)).toBe('worn')
})
