import { existsSync, readFileSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { connectDaemon } from '../../src/pool/daemon/client.ts'
import { clientProcess, eventually, house, type House, runs, talkTo } from './harness.ts'

let at: House | undefined
afterEach(async () => {
  await at?.close()
  at = undefined
})
const clean = { outcome: 'clean' } as const

test('a lease leads to a host, and its token opens it once', async () => {
  at = house()
  const client = await at.connect()
  const lease = await client.acquire(at.request())
  const host = await talkTo(lease)
  expect(await host.ask('echo', { nested: [1n, new Date(0)] })).toEqual({ nested: [1n, new Date(0)] })
  const thief = await talkTo(lease)
  await expect(thief.ask('echo', 1)).rejects.toThrow(/closed/)
})

test('a host released clean serves the next, at once and under a new token', async () => {
  at = house()
  const client = await at.connect()
  const first = await client.acquire(at.request())
  await client.release(first.leaseId, clean)
  const startedMs = performance.now()
  const second = await client.acquire(at.request())
  expect(performance.now() - startedMs).toBeLessThan(100)
  expect(second).toMatchObject({ hostPid: first.hostPid, served: 1 })
  expect(second.token).not.toBe(first.token)
})

test('a profile of another root, flag or time zone gets another host', async () => {
  at = house({ EVERWARM_MAX_HOSTS: '8' })
  const client = await at.connect()
  const changes = [{}, { execArgv: ['--no-deprecation'] }, { env: { PATH: process.env.PATH!, TZ: 'Asia/Tokyo' } }]
  const pids = new Set<number>()
  for (const change of changes) {
    const lease = await client.acquire(at.request(change))
    pids.add(lease.hostPid)
    await client.release(lease.leaseId, clean)
  }
  expect(pids.size).toBe(3)
})

test('who waits longer than it wanted to hears so, in time', async () => {
  at = house({ EVERWARM_MAX_HOSTS: '1' })
  const client = await at.connect()
  await client.acquire(at.request())
  const other = await at.connect()
  const startedMs = performance.now()
  await expect(other.acquire(at.request({}, 150))).rejects.toMatchObject({
    code: 'LEASE_TIMEOUT',
    hint: expect.stringContaining('pool status'),
  })
  expect(performance.now() - startedMs).toBeGreaterThan(140)
})

test('a lease of a client that hangs up goes to the next in line', async () => {
  at = house({ EVERWARM_MAX_HOSTS: '1' })
  const first = await at.connect()
  const lost = await first.acquire(at.request())
  const second = await at.connect()
  const waiting = second.acquire(at.request())
  await first.close()
  const lease = await waiting
  expect(lease.hostPid).not.toBe(lost.hostPid)
  expect(runs(lost.hostPid)).toBe(false)
})

test.for([
  ['a taint its client saw', {}, async () => ({ outcome: 'tainted', reason: 'a leaked server' }) as const, 'tainted'],
  ['a taint it reported itself', { taints: [{ code: 'handle', detail: 'a server' }] }, async () => clean, 'tainted'],
  ['two gigabytes of memory', { rssBytes: 2 ** 31 }, async () => clean, 'heavy'],
  ['five thousand files', { files: 5_000 }, async () => clean, 'worn'],
] as const)('a host with %s is retired', async ([, report, end, reason]) => {
  at = house()
  const client = await at.connect()
  const lease = await client.acquire(at.request())
  const host = await talkTo(lease)
  await host.ask('report', report)
  await client.release(lease.leaseId, await end())
  await eventually('the host is gone', () => !runs(lease.hostPid))
  expect((await client.status()).totals.retired).toEqual({ [reason]: 1 })
  expect((await client.acquire(at.request())).served).toBe(0)
})

test('a host retires after as many leases as it may have', async () => {
  at = house({ EVERWARM_MAX_LEASES: '2' })
  const client = await at.connect()
  const served: number[] = []
  for (let i = 0; i < 4; i += 1) {
    const lease = await client.acquire(at.request())
    served.push(lease.served)
    await client.release(lease.leaseId, clean)
  }
  expect(served).toEqual([0, 1, 0, 1])
})

test('a host is not lent again after its Vitest was installed anew', async () => {
  at = house()
  const client = await at.connect()
  const before = await client.acquire(at.request())
  await client.release(before.leaseId, clean)
  utimesSync(at.profile().vitestPackage, 1, 1)
  const after = await client.acquire(at.request())
  expect(after.hostPid).not.toBe(before.hostPid)
  expect((await client.status()).totals.retired).toEqual({ 'root-changed': 1 })
})

test('bytes written to the descriptors of a host reach the holder of its lease', async () => {
  at = house()
  const client = await at.connect()
  const lease = await client.acquire(at.request())
  const heard: [string, number, string][] = []
  client.on('output', (leaseId, fd, chunk) => heard.push([leaseId, fd, Buffer.from(chunk).toString()]))
  const host = await talkTo(lease)
  await host.ask('write', 'héllo')
  await client.release(lease.leaseId, clean)
  expect(heard).toEqual([[lease.leaseId, 1, 'héllo']])
})

test.for([
  ['broken', /told to be broken/],
  ['boot-failed', /no vitest here/],
  ['mute', /not ready after 300 ms/],
] as const)('a host that is %s at its start is an error with its last words', async ([how, words]) => {
  // The limit is for the one that says nothing: on a busy machine the others may need longer to say what they have to.
  at = house(how === 'mute' ? { EVERWARM_HOST_START_MS: '300' } : {})
  const client = await at.connect()
  const request = at.request({ env: { PATH: process.env.PATH!, ECHO_HOST: how } })
  await expect(client.acquire(request)).rejects.toMatchObject({
    code: 'HOST_START_FAILED',
    message: expect.stringMatching(words),
  })
  await eventually('nothing is left of it', async () => (await client.status()).hosts.length === 0)
  expect((await client.status()).totals.hostsStarted).toBe(1)
})

test.for([
  ['a flag that Node does not know', { execArgv: ['--no-such-flag'] }, /no-such-flag/],
  ['a Node that does not exist', { nodePath: '/no/such/node' }, /could not be spawned/],
  ['an environment larger than the system allows', { env: { BIG: 'x'.repeat(5_000_000) } }, /could not be spawned/],
  ['a NUL in a flag', { execArgv: ['--title=a\0b'] }, /could not be spawned/],
  ['a working directory that does not exist', { cwd: '/no/such/folder' }, /could not be spawned/],
] as const)('%s is an error of that lease, and the daemon lives on', async ([, change, words]) => {
  at = house()
  const client = await at.connect()
  await expect(
    client.acquire(at.request({ ...change, execArgv: [...(('execArgv' in change && change.execArgv) || [])] })),
  ).rejects.toMatchObject({
    code: 'HOST_START_FAILED',
    message: expect.stringMatching(words),
  })
  expect((await client.acquire(at.request())).served).toBe(0)
})

test('a request of a wrong shape is refused with the name of what is wrong', async () => {
  at = house()
  const client = await at.connect()
  await expect(client.acquire({ profile: { environment: 'moon' }, waitMs: 0 } as never)).rejects.toMatchObject({
    code: 'BAD_INPUT',
    message: expect.stringContaining('"moon"'),
  })
  await expect(client.acquire(undefined as never)).rejects.toMatchObject({ code: 'BAD_INPUT' })
  await expect(client.release('L999', clean)).rejects.toMatchObject({ code: 'LEASE_UNKNOWN' })
  await expect(client.warm(at.profile(), -1)).rejects.toMatchObject({ code: 'BAD_INPUT' })
})

test('what is remembered of a profile has no values of its environment', async () => {
  at = house()
  const client = await at.connect()
  const lease = await client.acquire(at.request({ env: { PATH: process.env.PATH!, API_KEY: 'hunter2', TZ: 'Asia/Tokyo' } }))
  await client.release(lease.leaseId, clean)
  const path = join(at.home, 'last-used.json')
  await eventually('it is written', () => existsSync(path))
  const text = readFileSync(path, 'utf8')
  expect(text).toContain('"TZ"')
  expect(text).not.toMatch(/hunter2|Tokyo|API_KEY/)
})

test('an unreferenced client does not keep its process alive, but an answer it waits for does', async () => {
  at = house()
  const client = clientProcess('leave.ts', at.env, { request: at.request() })
  expect(await client.said('served')).toBe(0)
  await eventually('the client has ended by itself', () => client.child.exitCode === 0)
})

test('sixteen clients share four hosts', async () => {
  at = house({ EVERWARM_MAX_HOSTS: '4' })
  const { env } = at
  const clients = await Promise.all(Array.from({ length: 16 }, (_, i) => connectDaemon({ label: `client ${i}`, env })))
  const pids = new Set<number>()
  await Promise.all(
    clients.map(async (client) => {
      const lease = await client.acquire(at!.request())
      pids.add(lease.hostPid)
      await client.release(lease.leaseId, clean)
    }),
  )
  expect(pids.size).toBeLessThanOrEqual(4)
  const { totals } = await clients[0]!.status()
  expect(totals.leases).toBe(16)
  expect(totals.hostsStarted).toBeLessThanOrEqual(4)
})
