import { afterEach, expect, test } from 'vitest'
import { clientProcess, eventually, house, type House, processesWith, runs, talkTo } from './harness.ts'

let at: House | undefined
afterEach(async () => {
  await at?.close()
  at = undefined
})

test('a SIGKILLed daemon leaves no host, no grandchild, no socket and no token behind, spinning or not', async () => {
  at = house()
  const spinning = clientProcess('hold.ts', at.env, { request: at.request(), orders: ['grandchild', 'spin'] })
  const spinner = await spinning.said('lease')
  const grandchildPid = await spinning.said('grandchild')
  const client = await at.connect()
  const idle = await client.acquire(at.request())
  await client.release(idle.leaseId, { outcome: 'clean' })
  const held = await client.acquire(at.request({ execArgv: ['--no-deprecation'] }))
  let lossCode = ''
  client.onClose((error) => (lossCode = error.code))

  process.kill(client.welcome.pid, 'SIGKILL')

  for (const pid of [spinner.hostPid, grandchildPid, idle.hostPid, held.hostPid]) {
    await eventually(`process ${pid} is gone`, () => !runs(pid))
  }
  await eventually('sockets and tokens are gone', () => at!.leftovers().length === 0)
  await eventually('the reaper is gone', () => processesWith(at!.home).filter((pid) => pid !== spinning.pid).length === 0)
  expect(lossCode).toBe('DAEMON_UNREACHABLE')
  spinning.child.kill('SIGKILL')
})

test('when a client is SIGKILLed its spinning host and grandchild die within 500 ms, and hosts of others live on', async () => {
  at = house()
  const client = await at.connect()
  const other = await client.acquire(at.request())
  const doomed = clientProcess('hold.ts', at.env, { request: at.request(), orders: ['grandchild', 'spin'] })
  const lease = await doomed.said('lease')
  const grandchildPid = await doomed.said('grandchild')

  doomed.child.kill('SIGKILL')

  const tookMs = await eventually('host and grandchild are dead', () => !runs(lease.hostPid) && !runs(grandchildPid))
  expect(tookMs).toBeLessThan(500)
  const host = await talkTo(other)
  expect(await host.ask('echo', 'still here')).toBe('still here')
  await eventually('one host is left', async () => (await client.status()).hosts.length === 1)
  expect((await client.status()).totals.retired).toEqual({ 'connection-lost': 1 })
})

test('a host that crashes tells its client, takes nobody with it, and the next lease gets a new one', async () => {
  at = house()
  const client = await at.connect()
  const bystander = await client.acquire(at.request())
  const lease = await client.acquire(at.request())
  const exits: unknown[] = []
  client.on('hostExited', (leaseId, exit) => exits.push({ leaseId, ...exit }))
  const host = await talkTo(lease)
  host.ask('crash').catch(() => {})

  await eventually('the crash is told', () => exits.length === 1)
  expect(exits).toEqual([{ leaseId: lease.leaseId, code: null, signal: 'SIGABRT' }])
  await expect(client.release(lease.leaseId, { outcome: 'clean' })).rejects.toMatchObject({ code: 'LEASE_UNKNOWN' })
  const next = await client.acquire(at.request())
  expect(next.hostPid).not.toBe(lease.hostPid)
  expect(next.served).toBe(0)
  expect(runs(bystander.hostPid)).toBe(true)
})

test('the exit code of a host reaches the holder of its lease', async () => {
  at = house()
  const client = await at.connect()
  const lease = await client.acquire(at.request())
  const exited = new Promise((resolve) => client.on('hostExited', (_, exit) => resolve(exit)))
  const host = await talkTo(lease)
  host.ask('exit', 7).catch(() => {})
  expect(await exited).toEqual({ code: 7, signal: null })
})

test('a killed reaper is replaced, and its successor still cleans up', async () => {
  at = house()
  const client = await at.connect()
  const lease = await client.acquire(at.request())
  const reapers = () => processesWith(at!.home).filter((pid) => pid !== client.welcome.pid)
  const [first] = reapers()
  process.kill(first!, 'SIGKILL')
  await eventually('another reaper runs', () => reapers().some((pid) => pid !== first))

  process.kill(client.welcome.pid, 'SIGKILL')
  await eventually('the host is gone', () => !runs(lease.hostPid))
  await eventually('sockets and tokens are gone', () => at!.leftovers().length === 0)
})

test('SIGTERM lets the lease in progress end, refuses those in line at once, then everything is gone', async () => {
  at = house({ EVERWARM_MAX_HOSTS: '1' })
  const client = await at.connect()
  const lease = await client.acquire(at.request())
  const inLine = client.acquire(at.request()).catch((error) => error.code)
  await eventually('one waits', async () => (await client.status()).waiting === 1)
  process.kill(client.welcome.pid, 'SIGTERM')
  expect(await inLine).toBe('DAEMON_STOPPING')
  await expect(client.acquire(at.request())).rejects.toMatchObject({ code: 'DAEMON_STOPPING' })
  const host = await talkTo(lease)
  expect(await host.ask('echo', 'last words')).toBe('last words')
  await client.release(lease.leaseId, { outcome: 'clean' })
  await eventually('daemon and host are gone', () => !runs(client.welcome.pid) && !runs(lease.hostPid))
  expect(at.leftovers()).toEqual([])
})

test('while an old daemon drains, a new one serves', async () => {
  at = house()
  const old = await at.connect()
  const lease = await old.acquire(at.request())
  process.kill(old.welcome.pid, 'SIGTERM')
  await eventually('the old one hides', () => at!.leftovers().every((name) => !name.endsWith('daemon.sock')))
  const next = await at.connect()
  expect(next.welcome.pid).not.toBe(old.welcome.pid)
  expect(await (await talkTo(lease)).ask('echo', 1)).toBe(1)
  process.kill(old.welcome.pid, 'SIGTERM')
  await eventually('a second signal ends it at once', () => !runs(old.welcome.pid) && !runs(lease.hostPid))
  expect((await next.status()).daemon.pid).toBe(next.welcome.pid)
})

test('stop revokes held leases and leaves nothing', async () => {
  at = house()
  const holder = await at.connect()
  const lease = await holder.acquire(at.request())
  const revoked: string[] = []
  holder.on('revoked', (leaseId) => revoked.push(leaseId))
  const other = await at.connect()
  await other.stop()
  await eventually('the holder knows', () => revoked.includes(lease.leaseId))
  await eventually('nothing is left', () => !runs(lease.hostPid) && !runs(other.welcome.pid) && at!.leftovers().length === 0)
})
