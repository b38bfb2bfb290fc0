import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { EverwarmError, type ErrorCode } from '../../contracts/errors.ts'
import type { HostProfile } from '../../contracts/profiles.ts'
import type { LeaseEnd } from '../../contracts/protocol.ts'
import { fakeClock } from '../../system/fake-clock.ts'
import type { Leaser } from '../leaser.ts'
import { ownerOf } from '../kinds.ts'
import { LeaseKeeper, type KeyedProfile } from './keeper.ts'

let folder: string
let server: Server
let address: string

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ew-'))
  address = join(folder, 'h.sock')
  server = createServer((socket) => socket.resume().on('error', () => {}))
  await new Promise<void>((resolve) => server.listen(address, resolve))
})
afterEach(() => {
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

const wanted = (key: string): KeyedProfile => ({ key, profile: { environment: 'node', root: key } as HostProfile })

/** Lends one real socket under many names, and writes down what happens. */
function recorder({ fails = null as ErrorCode | null } = {}) {
  const log: string[] = []
  let serial = 0
  const leaser: Leaser = {
    async acquire(profile) {
      const root = ownerOf(profile)
      if (fails) throw new EverwarmError(fails, { message: fails })
      const name = `${root}${++serial}`
      log.push(`+${name}`)
      return {
        lease: { leaseId: name, hostId: name, hostPid: 0, address, token: 't', served: 0 },
        lost: new Promise(() => {}),
        onOutput: null,
        release: async (end: LeaseEnd) => void log.push(`${end.outcome === 'clean' ? '-' : '!'}${name}`),
      }
    },
    warm: () => {},
    close: async () => {},
  }
  return { log, leaser, refuse: (code: ErrorCode | null) => (fails = code) }
}

function keeperOf(leaser: Leaser, limit = 2) {
  const clock = fakeClock()
  return { clock, keeper: new LeaseKeeper({ leaser, clock, limit: () => limit, waitMs: 1_000, idleMs: 2_000 }) }
}

test('a lease is kept for the next file of the same profile', async () => {
  const { log, leaser } = recorder()
  const { keeper } = keeperOf(leaser)
  const first = await keeper.take(wanted('a'))
  keeper.put(first)
  expect(await keeper.take(wanted('a'))).toBe(first)
  expect(log).toEqual(['+a1'])
})

test('who comes when all hosts are busy gets the first that comes back', async () => {
  const { log, leaser } = recorder()
  const { keeper } = keeperOf(leaser, 1)
  const first = await keeper.take(wanted('a'))
  const second = keeper.take(wanted('a'))
  keeper.put(first)
  expect(await second).toBe(first)
  expect(log).toEqual(['+a1'])
})

test('an idle host of another profile makes room', async () => {
  const { log, leaser } = recorder()
  const { keeper } = keeperOf(leaser, 1)
  keeper.put(await keeper.take(wanted('a')))
  await keeper.take(wanted('b'))
  expect(log).toEqual(['+a1', '-a1', '+b2'])
})

test('a host that comes back while another profile waits is given up for it', async () => {
  const { log, leaser } = recorder()
  const { keeper } = keeperOf(leaser, 1)
  const first = await keeper.take(wanted('a'))
  const second = keeper.take(wanted('b'))
  keeper.put(first)
  expect((await second).hostId).toBe('b2')
  expect(log).toEqual(['+a1', '-a1', '+b2'])
})

test('a tainted host is given back as such, and the next in line gets a new one', async () => {
  const { log, leaser } = recorder()
  const { keeper } = keeperOf(leaser, 1)
  const first = await keeper.take(wanted('a'))
  const second = keeper.take(wanted('a'))
  keeper.drop(first, 'a handle is open')
  expect((await second).hostId).toBe('a2')
  expect(log).toEqual(['+a1', '!a1', '+a2'])
})

test('idle hosts go back to the daemon after two seconds, unless a file runs', async () => {
  const { log, leaser } = recorder()
  const { keeper, clock } = keeperOf(leaser)
  const [one, two] = [await keeper.take(wanted('a')), await keeper.take(wanted('a'))]
  keeper.put(one)
  clock.advance(10_000)
  expect(log).toEqual(['+a1', '+a2'])
  keeper.put(two)
  clock.advance(2_000)
  expect(log).toEqual(['+a1', '+a2', '-a1', '-a2'])
})

test('a daemon that cannot be had is asked once, until the next run', async () => {
  const { log, leaser, refuse } = recorder({ fails: 'DAEMON_START_FAILED' })
  const { keeper } = keeperOf(leaser)
  await expect(keeper.take(wanted('a'))).rejects.toMatchObject({ code: 'DAEMON_START_FAILED' })
  refuse(null)
  await expect(keeper.take(wanted('b'))).rejects.toMatchObject({ code: 'DAEMON_START_FAILED' })
  keeper.forgetRefusals()
  await keeper.take(wanted('b'))
  expect(log).toEqual(['+b1'])
})

test('a profile whose hosts do not start does not stand in the way of another', async () => {
  const { leaser, refuse } = recorder({ fails: 'HOST_START_FAILED' })
  const { keeper } = keeperOf(leaser)
  await expect(keeper.take(wanted('a'))).rejects.toMatchObject({ code: 'HOST_START_FAILED' })
  refuse(null)
  await expect(keeper.take(wanted('a'))).rejects.toMatchObject({ code: 'HOST_START_FAILED' })
  await keeper.take(wanted('b'))
})

test('closing waits for a host that is still being restored, but not for ever', async () => {
  const { log, leaser } = recorder()
  const { keeper, clock } = keeperOf(leaser)
  const first = await keeper.take(wanted('a'))
  const closed = keeper.close()
  keeper.put(first)
  await closed
  expect(log).toEqual(['+a1', '-a1'])
  await keeper.take(wanted('a'))
  const late = keeper.close(500)
  clock.advance(500)
  await late
})
