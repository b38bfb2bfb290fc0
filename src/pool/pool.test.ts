import { afterEach, expect, test } from 'vitest'
import { EverwarmError } from '../contracts/errors.ts'
import type { HostProfile } from '../contracts/profiles.ts'
import type { LeaseRequest } from '../contracts/protocol.ts'
import type { Driver, Seat } from '../environments/driver.ts'
import { fakeClock } from '../system/fake-clock.ts'
import { limitsOf } from '../../tests/support/limits.ts'
import { ownerOf } from './kinds.ts'
import { createPool, type PoolOptions } from './pool.ts'
import { DEFAULT_POLICY } from './recycle.ts'

/** Instances that are ready in the next microtask and close when asked; what happened is kept. */
function fakeDriver() {
  const seats = new Map<string, Seat>()
  const closed: string[] = []
  let failure: EverwarmError | undefined
  const driver: Driver = {
    environment: 'node',
    open(profile, seat) {
      seats.set(seat.hostId, seat)
      let isGone = false
      const exit = (code: number) => {
        if (!isGone) queueMicrotask(() => seat.onExit({ code, signal: null }))
        isGone = true
      }
      const close = () => {
        if (!isGone) closed.push(seat.hostId)
        exit(0)
      }
      if (failure) exit(1)
      return {
        pid: 1_000 + Number(seat.hostId),
        ready: failure ? Promise.reject(failure) : Promise.resolve(),
        lend: () => ({ token: `t${ownerOf(profile)}` }),
        close,
      }
    },
  }
  return { driver, seats, closed, failWith: (error: EverwarmError | undefined) => void (failure = error) }
}

function setUp(change: Partial<PoolOptions> = {}) {
  const clock = fakeClock()
  const fake = fakeDriver()
  const nothing = () => {}
  const pool = createPool({
    driver: fake.driver,
    clock,
    policy: DEFAULT_POLICY,
    limits: limitsOf({ hosts: 2, hostBytes: 1, browsers: 2, browserBytes: 1, maxBytes: 2 ** 40 }),
    hostAddress: (hostId) => `/h-${hostId}`,
    spares: 0,
    events: { hostOpened: nothing, hostClosed: nothing, revoked: nothing, output: nothing, changed: nothing, used: nothing },
    ...change,
  })
  return { pool, clock, ...fake }
}

function request(root = '/a', waitMs = 1_000): LeaseRequest {
  const profile: HostProfile = {
    environment: 'node',
    nodePath: '/node',
    execArgv: [],
    env: {},
    cwd: '/',
    root,
    vitestPackage: `${root}/v`,
    preload: [],
    cacheDir: '/c',
  }
  return { profile, waitMs }
}

const clean = { outcome: 'clean' } as const
const settled = () => new Promise((resolve) => setImmediate(resolve))

let last: { pool: { stop(): Promise<void> } } | undefined
afterEach(() => last?.pool.stop())
const prepared = (change?: Partial<PoolOptions>) => {
  const it = setUp(change)
  last = it
  return it
}

test('a host that was released clean is lent again', async () => {
  const { pool } = prepared()
  const first = await pool.acquire(request(), 'c1')
  pool.release(first.leaseId, clean, 'c1')
  const second = await pool.acquire(request(), 'c2')
  expect([second.hostId, second.served]).toEqual([first.hostId, 1])
})

test('a tainted host is not', async () => {
  const { pool } = prepared()
  const first = await pool.acquire(request(), 'c1')
  pool.release(first.leaseId, { outcome: 'tainted', reason: 'a leaked server' }, 'c1')
  const second = await pool.acquire(request(), 'c1')
  expect(second.hostId).not.toBe(first.hostId)
  expect(pool.status().totals.retired).toEqual({ tainted: 1 })
})

test('a host that reports a taint of its own is retired when it comes back', async () => {
  const { pool, seats } = prepared()
  const lease = await pool.acquire(request(), 'c1')
  seats.get(lease.hostId)!.onReport({ files: 1, rssBytes: 5, heapBytes: 4, taint: 'handle: a timer' })
  pool.release(lease.leaseId, clean, 'c1')
  expect(pool.status().totals).toMatchObject({ files: 1, retired: { tainted: 1 } })
})

test('who waits past the deadline is told, and nobody else', async () => {
  const { pool, clock } = prepared({
    limits: limitsOf({ hosts: 1, hostBytes: 1, browsers: 2, browserBytes: 1, maxBytes: 2 ** 40 }),
  })
  const held = await pool.acquire(request(), 'c1')
  const impatient = pool.acquire(request('/a', 100), 'c2')
  const patient = pool.acquire(request('/a', 200), 'c3')
  clock.advance(100)
  await expect(impatient).rejects.toMatchObject({ code: 'LEASE_TIMEOUT' })
  expect(pool.status().waiting).toBe(1)
  pool.release(held.leaseId, clean, 'c1')
  expect((await patient).hostId).toBe(held.hostId)
})

test('clients take turns, whoever asked for more', async () => {
  const { pool } = prepared({ limits: limitsOf({ hosts: 1, hostBytes: 1, browsers: 2, browserBytes: 1, maxBytes: 2 ** 40 }) })
  const held = await pool.acquire(request(), 'greedy')
  const served: string[] = []
  const queue = (client: string) =>
    pool.acquire(request(), client).then((lease) => {
      served.push(client)
      pool.release(lease.leaseId, clean, client)
    })
  const all = [queue('greedy'), queue('greedy'), queue('greedy'), queue('modest'), queue('modest')]
  pool.release(held.leaseId, clean, 'greedy')
  await Promise.all(all)
  expect(served).toEqual(['modest', 'greedy', 'modest', 'greedy', 'greedy'])
})

test('at the limit an idle host of another project makes room', async () => {
  const { pool, closed } = prepared({
    limits: limitsOf({ hosts: 1, hostBytes: 1, browsers: 2, browserBytes: 1, maxBytes: 2 ** 40 }),
  })
  const a = await pool.acquire(request('/a'), 'c1')
  pool.release(a.leaseId, clean, 'c1')
  const b = await pool.acquire(request('/b'), 'c1')
  expect(closed).toEqual([a.hostId])
  expect(b.hostId).not.toBe(a.hostId)
  expect(pool.status().totals.retired).toEqual({ evicted: 1 })
})

test('a lost connection kills what it held and forgets what it waited for', async () => {
  const { pool, closed } = prepared({
    limits: limitsOf({ hosts: 1, hostBytes: 1, browsers: 2, browserBytes: 1, maxBytes: 2 ** 40 }),
  })
  const held = await pool.acquire(request(), 'c1')
  void pool.acquire(request(), 'c1').catch(() => {})
  pool.disconnect('c1')
  await settled()
  expect(closed).toEqual([held.hostId])
  expect(pool.status()).toMatchObject({ hosts: [], waiting: 0 })
})

test('the lease of one client cannot be released by another', async () => {
  const { pool } = prepared()
  const lease = await pool.acquire(request(), 'c1')
  expect(() => pool.release(lease.leaseId, clean, 'c2')).toThrow(expect.objectContaining({ code: 'LEASE_UNKNOWN' }))
})

test('a host that cannot start fails those who wait for its kind, once, and no others', async () => {
  const { pool, failWith } = prepared()
  failWith(new EverwarmError('HOST_START_FAILED', { message: 'bad flag' }))
  const both = await Promise.allSettled([pool.acquire(request('/a'), 'c1'), pool.acquire(request('/a'), 'c2')])
  expect(both.map((one) => one.status === 'rejected' && one.reason.code)).toEqual(['HOST_START_FAILED', 'HOST_START_FAILED'])
  failWith(undefined)
  expect((await pool.acquire(request('/a'), 'c1')).served).toBe(0)
})

test('an idle host ends after its idle time, and is not replaced', async () => {
  const { pool, clock } = prepared({ spares: 2, policy: { ...DEFAULT_POLICY, maxIdleMs: 60_000 } })
  const lease = await pool.acquire(request(), 'c1')
  pool.release(lease.leaseId, clean, 'c1')
  clock.advance(80_000)
  await settled()
  clock.advance(80_000)
  await settled()
  expect(pool.status()).toMatchObject({ hosts: [], totals: { hostsStarted: 1, retired: { unused: 1 } } })
})

test('where every file taints its host, the next host opens while a file still runs', async () => {
  const { pool } = prepared()
  const started: number[] = []
  for (let i = 0; i < 5; i += 1) {
    const lease = await pool.acquire(request(), 'c1')
    started.push(pool.status().totals.hostsStarted)
    pool.release(lease.leaseId, { outcome: 'tainted' }, 'c1')
    await settled()
  }
  expect(started).toEqual([1, 2, 4, 5, 6])
})

test('a spare replaces a retired host only once the pool is at rest', async () => {
  const { pool, clock } = prepared({ spares: 1, restMs: 1_000 })
  const lease = await pool.acquire(request('/a'), 'c1')
  const busy = await pool.acquire(request('/b'), 'c2')
  pool.release(lease.leaseId, { outcome: 'tainted' }, 'c1')
  await settled()
  clock.advance(5_000)
  expect(pool.status().totals.hostsStarted).toBe(2)
  pool.release(busy.leaseId, { outcome: 'tainted' }, 'c2')
  await settled()
  clock.advance(999)
  expect(pool.status().totals.hostsStarted).toBe(2)
  clock.advance(1)
  await settled()
  expect(pool.status()).toMatchObject({ slots: { used: 1, spares: 1 }, totals: { hostsStarted: 3 } })
})

test('warm opens what is missing and says what is ready', async () => {
  const { pool } = prepared()
  expect(await pool.warm(request().profile, 2)).toBe(2)
  expect(await pool.warm(request().profile, 2)).toBe(2)
  expect(pool.status().totals.hostsStarted).toBe(2)
})

test('drain ends idle hosts now and leased ones when they come back', async () => {
  const { pool } = prepared()
  await pool.warm(request('/b').profile, 1)
  const lease = await pool.acquire(request('/a'), 'c1')
  expect(pool.drain()).toBe(2)
  await settled()
  expect(pool.status()).toMatchObject({ isDraining: true, hosts: [{ state: 'leased' }] })
  pool.release(lease.leaseId, clean, 'c1')
  await settled()
  expect(pool.status()).toMatchObject({ isDraining: false, hosts: [], totals: { retired: { drained: 2 } } })
})

test('a host that is expected is opened when the pool is at rest, and one that could not start is not tried again with every wish', async () => {
  const { pool, clock, failWith } = prepared({ spares: 1 })
  const { profile } = request()
  expect(pool.isExpected(profile)).toBe(false)
  pool.expect(profile)
  expect(pool.status().hosts).toEqual([])
  clock.advance(1_000)
  await settled()
  expect(pool.isExpected(profile)).toBe(true)
  expect(pool.status().hosts).toMatchObject([{ state: 'idle' }])
  failWith(new EverwarmError('HOST_START_FAILED', { message: 'bad configuration' }))
  const other = request('/b').profile
  for (let i = 0; i < 3; i += 1) {
    pool.expect(other)
    clock.advance(1_000)
    await settled()
  }
  expect(pool.status().totals).toMatchObject({ hostsStarted: 2, retired: { 'start-failed': 1 } })
})

test('a pool that was used by many and then by nobody stands still', async () => {
  const { pool, clock } = prepared({ policy: { ...DEFAULT_POLICY, maxIdleMs: 60_000 } })
  for (let i = 0; i < 50; i += 1) {
    const lease = await pool.acquire(request(`/root${i}`), 'c1')
    pool.release(lease.leaseId, clean, 'c1')
    await settled()
  }
  for (let i = 0; i < 20; i += 1) {
    clock.advance(15_000)
    await settled()
  }
  expect(pool.status().hosts).toEqual([])
  expect(clock.waiting()).toBe(0)
})

test('memory of the pool does not grow with ten thousand leases', async () => {
  const { pool, clock } = prepared({ policy: { ...DEFAULT_POLICY, maxLeases: 100 } })
  for (let i = 0; i < 10_000; i += 1) {
    const lease = await pool.acquire(request(), `c${i}`)
    pool.release(lease.leaseId, clean, `c${i}`)
    pool.disconnect(`c${i}`)
  }
  await settled()
  expect(pool.status()).toMatchObject({ waiting: 0, totals: { leases: 10_000, retired: { worn: 100 } } })
  expect(clock.waiting()).toBeLessThan(5)
})
