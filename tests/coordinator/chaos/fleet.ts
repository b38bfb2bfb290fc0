import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CoordinatorPlace } from '../../../src/coordinator/place.ts'
import { type Balancer, balancer } from './balancer.ts'
import { processes, type Program, program } from './processes.ts'

const TOKEN = 'admin_token-of-the-chaos'
const SHARD_PROGRAM = fileURLToPath(new URL('shard-child.ts', import.meta.url))
/** Of the link, on both ends: a connection that has silently gone is noticed within this. ms */
const PINGS = { pingMs: 1_000, deadMs: 3_000 }

export interface FleetOptions {
  /** Absent: embedded, and then there is one coordinator. */
  databaseUrl?: string | undefined
  coordinators: number
  workers: number
  /** Kept over fleets, so that they start faster. */
  cache: string
  uniform(): number
}

/** Coordinators and workers in processes of their own, which come back when they are killed, as a supervisor sees to it. */
export interface Fleet {
  /** Of whichever coordinator is up. */
  url: string
  token: string
  readonly coordinators: number
  readonly workers: number
  /** kill -9, then another one. */
  killCoordinator(index: number): Promise<void>
  /** kill -9 of its worker, then another one; resolves when that one is connected. */
  killWorker(index: number): Promise<void>
  /** Connections of one worker. */
  link(index: number): Pick<Balancer, 'cut' | 'freeze'>
  /** Connections of those who ask and watch. */
  callers: Pick<Balancer, 'cut'>
  complaints(): string
  /** All that was ever started and should have ended, and what it started in turn. */
  left(): string[]
  close(): Promise<void>
}

export async function openFleet(options: FleetOptions): Promise<Fleet> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'ew-chaos-')))
  const env: NodeJS.ProcessEnv = { ...process.env, NODE_COMPILE_CACHE: join(options.cache, 'code') }
  delete env['NODE_OPTIONS']
  const up: { program: Program; port: number }[] = []
  const gone: { pid: number; what: string }[] = []
  let said = ''
  const ports = () => up.flatMap((each) => (each ? [each.port] : []))

  const startCoordinator = async (index: number) => {
    const started = program('coordinator-child.ts', coordinatorOptions(root, options), env)
    const url = await started.until(/http:\S+/)
    up[index] = { program: started, port: Number(new URL(url).port) }
  }
  const bury = (who: Program, what: string) => {
    said += who.complaints()
    for (const { pid } of processes().filter(({ parent }) => parent === who.pid)) gone.push({ pid, what: `child of ${what}` })
    gone.push({ pid: who.pid, what })
  }
  const callers = await balancer(ports, options.uniform)
  for (let index = 0; index < options.coordinators; index++) await startCoordinator(index)
  const links: Balancer[] = []
  const workers: Program[] = []
  for (let index = 0; index < options.workers; index++) links.push(await balancer(ports, options.uniform))
  const startWorker = async (index: number) => {
    workers[index] = program('worker-child.ts', workerOptions(root, index, links[index]!.port), env)
    await workers[index].until(/connected to/)
  }
  await Promise.all(links.map((_, index) => startWorker(index)))

  return {
    url: `http://127.0.0.1:${callers.port}`,
    token: TOKEN,
    coordinators: options.coordinators,
    workers: options.workers,
    async killCoordinator(index) {
      const killed = up[index]!
      bury(killed.program, 'a coordinator')
      delete up[index]
      await killed.program.kill()
      await startCoordinator(index)
    },
    async killWorker(index) {
      bury(workers[index]!, 'a worker')
      await workers[index]!.kill()
      await startWorker(index)
    },
    link: (index) => links[index]!,
    callers,
    complaints: () => said + up.map((each) => each?.program.complaints() ?? '').join(''),
    left() {
      const there = new Map(processes().map((each) => [each.pid, each]))
      return gone.flatMap(({ pid, what }) => (there.has(pid) ? [`${what}, ${pid}: ${there.get(pid)!.command}`] : []))
    },
    async close() {
      for (const worker of workers) {
        bury(worker, 'a worker')
        await worker.kill('SIGTERM')
      }
      for (const { program: coordinator } of up) {
        bury(coordinator, 'a coordinator')
        await coordinator.kill('SIGTERM')
      }
      for (const each of [callers, ...links]) await each.close()
      rmSync(root, { recursive: true, force: true })
    },
  }
}

function coordinatorOptions(root: string, { databaseUrl, cache }: FleetOptions) {
  const place: CoordinatorPlace = {
    folder: root,
    database: join(root, 'db'),
    artifacts: join(root, 'artifacts'),
    token: join(root, 'token'),
    cache,
  }
  return { place, version: '0', databaseUrl, cacheFolder: cache, token: TOKEN, port: 0, link: PINGS }
}

function workerOptions(root: string, index: number, port: number) {
  return {
    url: `ws://127.0.0.1:${port}`,
    token: TOKEN,
    registration: { name: `w${index}`, type: 'local', capabilities: { browsers: [], maxConcurrent: 1 } },
    rules: { allowed: [], directory: root, shardProgram: [process.execPath, '--no-warnings', SHARD_PROGRAM], env: {} },
    minRetryMs: 50,
    maxRetryMs: 500,
    ...PINGS,
  }
}
