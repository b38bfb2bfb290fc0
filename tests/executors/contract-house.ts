import { setTimeout as after } from 'node:timers/promises'
import type { Container } from '../../src/contracts/workflow/container.ts'
import type {
  ExecutionRoom,
  Executor,
  ProcessEnd,
  ServiceRequest,
  Site,
  SiteCommand,
  SiteService,
} from '../../src/executors/executor.ts'

/** Where the contract is kept: a real executor, and what its test knows of its world. */
export interface ContractHouse {
  executor: Executor
  /** Its image has `sh`, `tar`, `find` and `env -0`. */
  container: Container
  /** Program of Node as commands see it, for services that listen; absent: those tests are skipped. */
  node?: string
  /** What bears the mark of an execution now: `running` processes, containers, pods; `kept` folders, volumes, networks. */
  left(executionId: string): Promise<Left>
  close(): Promise<void>
}

export interface Left {
  running: readonly string[]
  kept: readonly string[]
}

/** All tests of one executor share a house; those that must not have rooms of their own. */
export interface Ground {
  readonly house: ContractHouse
  /** One that stays open until the end. */
  readonly room: ExecutionRoom
  openSite(room?: ExecutionRoom): Promise<Site>
}

export interface Ran {
  stdout: Buffer
  stderr: Buffer
  end: ProcessEnd
}

let count = 0
export const newId = (letter: string) => `${letter}${process.pid}x${(count += 1)}`

/** Opens a site that may be asked for commands of the ref `shared` and the ref `own`. */
export function openSite(room: ExecutionRoom, container: Container, signal = AbortSignal.timeout(120_000)): Promise<Site> {
  const commands = [
    { ref: 'shared', container, isShared: true },
    { ref: 'own', container, isShared: false },
  ]
  return room.openSite({ id: newId('s'), commands, signal })
}

/** A command of the site: a line for `sh`, or program and arguments. In the folder of the source, unless told. */
export function command(site: Site, container: Container, line: string | readonly string[], more: Partial<SiteCommand> = {}) {
  const argv = typeof line === 'string' ? ['sh', '-c', line] : line
  return { ref: 'shared', container, isShared: true, argv, env: {}, cwd: site.files.path('.'), hear() {}, ...more }
}

/** Starts a command and keeps what it says. */
export async function begin(site: Site, container: Container, line: string | readonly string[], more?: Partial<SiteCommand>) {
  const said = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
  const hear: SiteCommand['hear'] = (stream, bytes) => void said[stream].push(Buffer.from(bytes))
  const process = await site.start(command(site, container, line, { hear, ...more }))
  const ran = async (): Promise<Ran> => ({
    end: await process.ended,
    stdout: Buffer.concat(said.stdout),
    stderr: Buffer.concat(said.stderr),
  })
  return { process, ran, stdout: () => Buffer.concat(said.stdout).toString() }
}

export async function run(site: Site, container: Container, line: string | readonly string[], more?: Partial<SiteCommand>) {
  return (await begin(site, container, line, more)).ran()
}

export function startService(site: Site, container: Container, request: Partial<ServiceRequest>): Promise<SiteService> {
  return site.startService({
    name: 'db',
    id: newId('v'),
    container,
    env: {},
    ports: [],
    restartPolicy: 'Never',
    hear() {},
    signal: AbortSignal.timeout(120_000),
    ...request,
  })
}

/** A loop that adds a byte to `file` (in the folder of the source) every 50 ms. */
export const beats = (file: string) => `while :; do printf . >> ${file}; sleep 0.05; done`

export const sizeOf = async (site: Site, path: string) =>
  (await site.files.readFile(path, 10_000_000).catch(() => Buffer.alloc(0))).length

/** Whether it grows: that it does not can only be seen over time. */
export async function grows(site: Site, path: string, withinMs = 600): Promise<boolean> {
  const before = await sizeOf(site, path)
  await after(withinMs)
  return (await sizeOf(site, path)) > before
}

/** Those of the files that grow. */
export async function growing(site: Site, paths: readonly string[], withinMs?: number): Promise<string[]> {
  const grown = await Promise.all(paths.map((path) => grows(site, path, withinMs)))
  return paths.filter((_, i) => grown[i])
}

/** Looks again and again until it holds; @returns the ms it took */
export async function eventually(what: string, holds: () => unknown, withinMs = 20_000): Promise<number> {
  const startedMs = performance.now()
  while (!(await holds())) {
    if (performance.now() - startedMs > withinMs) throw new Error(`after ${withinMs} ms it is still not so: ${what}`)
    await after(25)
  }
  return performance.now() - startedMs
}
