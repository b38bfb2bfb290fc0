import { EverwarmError } from '../contracts/errors.ts'
import type { WorkerRegistration } from '../contracts/worker.ts'
import { type DownFrame, LINK_FEATURES, LINK_PROTOCOL, type Welcome } from '../contracts/worker-link.ts'
import { type Clock, systemClock, type Timer } from '../system/clock.ts'
import type { CommandRules } from './commands.ts'
import { type LinkClientOptions, linkClient } from './link-client.ts'
import { viewDesk } from './live-view/view-desk.ts'
import { viewFolder } from './live-view/view-folder.ts'
import { spawnService } from './spawn-service.ts'

export interface WorkerOptions extends Pick<LinkClientOptions, 'pingMs' | 'deadMs' | 'minRetryMs' | 'maxRetryMs'> {
  url: string
  token: string | undefined
  registration: WorkerRegistration
  rules: Omit<CommandRules, 'shardEnv'>
  /** Lines for people. */
  say(line: string): void
  clock?: Clock
  /** What runs at a drain may go on for so long, 1,800,000 by default. */
  drainMs?: number
  /** What runs goes on without a connection for so long, 120,000 by default: then it is others' anyway. */
  orphanMs?: number
}

export interface Worker {
  /** Takes no more shards; ends when those it has are done. Called again: ends at once. */
  drain(): void
  /** Everything ends at once. */
  stop(): void
  /** Resolves after a drain or a stop; rejects where the coordinator refuses it. */
  readonly ended: Promise<void>
  readonly isConnected: boolean
}

const HEARTBEAT_MS = 30_000
/** A change of what it holds is told at once, but not more often. */
const HELD_PAUSE_MS = 250

/** A worker's life: dials in, runs what it is told, comes back after a lost connection. Keeps nothing outside of memory. */
export function startWorker(options: WorkerOptions): Worker {
  const { url, registration, say, clock = systemClock, drainMs = 1_800_000, orphanMs = 120_000 } = options
  const { promise: ended, resolve: end, reject: fail } = Promise.withResolvers<void>()
  let credential: string | undefined
  let workerId = registration.id
  let heartbeatMs = HEARTBEAT_MS
  let life: 'running' | 'draining' | 'ended' = 'running'
  let beat: Timer | undefined
  let soon: Timer | undefined
  let orphaned: Timer | undefined
  let deadline: Timer | undefined
  let wasDown = ''

  const shardEnv = () => ({
    EVERWARM_WORKER_API: apiOf(url),
    EVERWARM_WORKER_CREDENTIAL: credential ?? options.token ?? '',
    EVERWARM_WORKER_ALLOW: JSON.stringify(options.rules.allowed),
    ...(folder === undefined ? {} : { EVERWARM_WORKER_VIEWS: folder }),
  })
  const folder = viewFolder()
  const service = spawnService(
    { ...options.rules, shardEnv },
    { send: (frame) => client.send(frame), isReady: () => client.isReady() },
    folder,
  )
  const views =
    folder === undefined
      ? undefined
      : viewDesk({
          folder,
          api: apiOf(url),
          credential: () => credential ?? options.token ?? '',
          held: () => service.held,
          say,
          clock,
        })
  const heartbeat = () => {
    beat?.cancel()
    client.send({ heartbeat: { running: service.held } })
    beat = clock.after(heartbeatMs, heartbeat)
  }
  service.onChange(() => {
    views?.look()
    if (life === 'draining' && service.isIdle) return stop()
    soon ??= clock.after(HELD_PAUSE_MS, () => {
      soon = undefined
      if (client.isConnected) heartbeat()
    })
  })

  const renew = (fresh: string) => {
    credential = fresh
    service.tellPrograms({ credential })
  }
  const welcome = (given: Welcome) => {
    const isBack = workerId === given.workerId && wasDown !== ''
    workerId = given.workerId
    heartbeatMs = given.heartbeatMs
    if (given.credential) renew(given.credential)
    wasDown = ''
    orphaned?.cancel()
    orphaned = undefined
    service.welcome(given)
    say(`${isBack ? 'connected again' : `connected to ${url} as ${registration.name ?? workerId} (${workerId})`}${going(given)}`)
    heartbeat()
    if (life === 'draining') client.send({ drain: true })
  }
  const receive = (frame: Exclude<DownFrame, { welcome: unknown } | { error: unknown }>) => {
    if ('credential' in frame) renew(frame.credential.credential)
    else if ('view' in frame) views?.show(frame.view)
    else service.receive(frame)
  }
  const down = (why: EverwarmError, retryMs: number) => {
    beat?.cancel()
    if (wasDown !== why.message)
      say(`${why.message} ${why.hint ?? ''} Trying again (in ${retryMs} ms, then at most every 10 s).`.replace('  ', ' '))
    wasDown = why.message
    orphaned ??= clock.after(orphanMs, () => {
      if (service.running.length === 0) return
      say(`no connection for ${orphanMs} ms: what ran for the coordinator is stopped`)
      service.stopAll()
    })
  }
  const client = linkClient({
    ...options,
    token: () => credential ?? options.token,
    hello: () => ({
      protocol: LINK_PROTOCOL,
      worker: { ...registration, id: workerId },
      features: LINK_FEATURES.filter((feature) => feature !== 'view' || views !== undefined),
      running: service.running,
    }),
    onWelcome: welcome,
    onFrame: receive,
    onReady: () => service.flush(),
    onDown: down,
    onRefused(error) {
      // A credential that ran out while the coordinator was away: perhaps the token is good for more than one time.
      if (credential !== undefined && options.token !== undefined) {
        credential = undefined
        return true
      }
      finish()
      fail(error)
      return false
    },
  })
  const finish = () => {
    life = 'ended'
    for (const timer of [beat, soon, orphaned, deadline]) timer?.cancel()
    views?.close()
    service.stopAll()
    service.close()
  }
  const stop = () => {
    if (life === 'ended') return
    finish()
    void client.leave().then(end)
  }
  return {
    drain() {
      if (life !== 'running') return stop()
      life = 'draining'
      say(service.held.length > 0 ? `ends when ${service.held.length} running shards have; once more to end at once` : 'ends')
      client.send({ drain: true })
      if (service.isIdle) return stop()
      deadline = clock.after(drainMs, () => {
        say(`what ran did not end within ${drainMs} ms and is stopped`)
        stop()
      })
    },
    stop,
    ended,
    get isConnected() {
      return client.isConnected
    },
  }
}

/** The coordinator's HTTP API is where its link is. */
function apiOf(url: string): string {
  const { protocol, host } = new URL(url)
  return `${protocol === 'wss:' ? 'https' : 'http'}://${host}`
}

function going({ keep, stop }: Welcome): string {
  if (keep.length + stop.length === 0) return ''
  return `; ${keep.length} of ${keep.length + stop.length} programs go on`
}
