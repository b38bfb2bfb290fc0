import type { Server } from 'node:net'
import type { DaemonFunctions, PoolStatus } from '../../contracts/protocol.ts'
import { PROTOCOL_VERSION } from '../../contracts/version.ts'
import type { Driver } from '../../environments/driver.ts'
import type { Clock, Timer } from '../../system/clock.ts'
import type { FileLog } from '../../system/log.ts'
import type { Limits } from '../limits.ts'
import { createPool, type Pool } from '../pool.ts'
import type { RecyclePolicy } from '../recycle.ts'
import type { HeldLease } from '../slot.ts'
import type { Address } from './address.ts'
import type { Claim } from './claim.ts'
import { FRONT_COMMANDS } from './front-commands.ts'
import { byFirstByte, frontDoor } from './front-door.ts'
import { rememberUsed } from './last-used.ts'
import { startReaper } from './reaper.ts'
import { validCount, validEnd, validProfile, validRequest } from './requests.ts'
import { type Client, daemonServer } from './server.ts'

export interface DaemonOptions {
  address: Address
  claim: Claim
  listener: Server
  version: string
  driver: Driver
  clock: Clock
  policy: RecyclePolicy
  limits: Limits
  spares: number
  idleMs: number
  log: FileLog
  /** The last writes to the folder, before clients hear of the end: they may be about to remove it. */
  lastWrites(): void
  /** Called once, when nothing of it is left. */
  onEnd(): void
}

export interface Daemon {
  /** Refuses new work, waits at most `waitMs` for leases that are held, then ends. A second call ends at once. */
  end(waitMs: number): Promise<void>
}

/** How often the daemon looks whether it can still be found. */
const SELF_CHECK_MS = 1_000

/** Wires pool, server and reaper together; it supervises, and runs no code of any project. */
export function startDaemon(options: DaemonOptions): Daemon {
  const { address, claim, listener, version, driver, clock, policy, limits, spares, idleMs, log, lastWrites, onEnd } = options
  const startedMs = clock.now()
  const reaper = startReaper(address, claim.id, log.write)
  let idle: { timer: Timer; endsAtMs: number } | undefined
  let selfCheck: Timer | undefined
  let ending: Promise<void> | undefined
  let hurry = () => {}

  const owner = (held: HeldLease) =>
    server.find(held.clientId) ?? front.clients().find(({ clientId }) => clientId === held.clientId)
  const clients = () => [...server.clients(), ...front.clients()]
  const pool: Pool = createPool({
    driver,
    clock,
    policy,
    limits,
    spares,
    hostAddress: claim.files.hostSocket,
    events: {
      hostOpened: (pid) => pid > 0 && reaper.add(pid),
      hostClosed(pid, held, exit) {
        if (pid > 0) reaper.remove(pid)
        for (const one of held) owner(one)?.tell('hostExited', one.leaseId, exit)
      },
      revoked: (held, reason) => owner(held)?.tell('revoked', held.leaseId, reason),
      output(held, hostId, fd, chunk) {
        if (held) owner(held)?.tell('output', held.leaseId, fd, chunk)
        else log.write(`host ${hostId} said on ${fd}: ${Buffer.from(chunk).toString('utf8').trimEnd()}`)
      },
      changed: watchIdle,
      used: (profile) => setImmediate(() => quietly(() => rememberUsed(address.home, profile))),
    },
  })

  const server = daemonServer({
    token: claim.token,
    version,
    clock,
    log: log.write,
    desk: {
      functions: functionsFor,
      isStopping: () => ending !== undefined,
      left,
      stepAside() {
        if (pool.leases().length > 0) return false
        void end(0)
        return true
      },
    },
  })

  const front = frontDoor({
    token: claim.token,
    version,
    clock,
    commands: FRONT_COMMANDS,
    pool,
    left,
    came: watchIdle,
    isStopping: () => ending !== undefined,
    log: log.write,
  })

  function left(client: Client): void {
    pool.disconnect(client.clientId)
    watchIdle()
  }

  function functionsFor(client: Client): Omit<DaemonFunctions, 'hello'> {
    setImmediate(watchIdle)
    return {
      async acquire(request) {
        return pool.acquire(validRequest(request), client.clientId)
      },
      async release(leaseId, leaseEnd) {
        // One turn of the loop: what the host wrote and reported before it was given back is heard while the lease still stands.
        await new Promise((resolve) => setImmediate(resolve))
        pool.release(String(leaseId), validEnd(leaseEnd), client.clientId)
      },
      status: async () => status(),
      async warm(profile, count) {
        return { ready: await pool.warm(validProfile(profile), validCount(count)) }
      },
      drain: async () => ({ retired: pool.drain() }),
      stop: async () => void setImmediate(() => void end(0)),
    }
  }

  function status(): PoolStatus {
    const { isDraining, ...rest } = pool.status()
    const labels = new Map(clients().map((client) => [client.clientId, client]))
    return {
      daemon: {
        pid: process.pid,
        version,
        protocol: PROTOCOL_VERSION,
        uptimeMs: Math.round(clock.now() - startedMs),
        address: address.socket,
        rssBytes: process.memoryUsage.rss(),
        clients: labels.size,
        endsInMs: idle ? Math.max(0, Math.round(idle.endsAtMs - clock.now())) : null,
        draining: isDraining || ending !== undefined,
      },
      ...rest,
      leases: pool.leases().map(({ leaseId, hostId, clientId, sinceMs }) => ({
        leaseId,
        hostId,
        clientPid: labels.get(clientId)?.pid ?? 0,
        label: labels.get(clientId)?.label ?? '',
        heldMs: Math.round(clock.now() - sinceMs),
      })),
    }
  }

  function watchIdle(): void {
    const isInUse = clients().length > 0 || pool.leases().length > 0
    if (pool.leases().length === 0) hurry()
    if (isInUse || ending) {
      idle?.timer.cancel()
      idle = undefined
    } else idle ??= { timer: clock.after(idleMs, () => void end(0)), endsAtMs: clock.now() + idleMs }
  }

  function watchSelf(): void {
    selfCheck = clock.after(SELF_CHECK_MS, () => {
      // The reaper of a daemon before us, or somebody who tidies up, may have taken our link away.
      const isFound = quietly(() => claim.publish())
      if (!isFound && !ending) void end(0)
      else watchSelf()
    })
  }

  function quietly(act: () => void): boolean {
    try {
      act()
      return true
    } catch (error) {
      log.error('daemon', error)
      return false
    }
  }

  function end(waitMs: number): Promise<void> {
    if (ending) hurry()
    return (ending ??= shutDown(waitMs))
  }

  async function shutDown(waitMs: number): Promise<void> {
    selfCheck?.cancel()
    idle?.timer.cancel()
    quietly(() => claim.hide())
    pool.refuse()
    listener.close()
    if (waitMs > 0 && pool.leases().length > 0) {
      pool.drain()
      await new Promise<void>((resolve) => {
        hurry = resolve
        clock.after(waitMs, resolve)
      })
    }
    await pool.stop()
    quietly(() => claim.withdraw())
    quietly(lastWrites)
    await server.end()
    reaper.close()
    onEnd()
  }

  listener.on('connection', byFirstByte(clock, { frontDoor: front.accept, frames: server.accept }))
  claim.publish()
  watchSelf()
  watchIdle()
  return { end }
}
