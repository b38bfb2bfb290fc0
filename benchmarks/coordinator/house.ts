import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CoordinatorClient, coordinatorClient } from '../../src/coordinator/http/client.ts'
import { type Program, program } from '../../tests/coordinator/chaos/processes.ts'
import { postgresFolder, startPostgres, type TestPostgres } from '../../tests/support/postgres.ts'

export const TOKEN = 'admin_token-of-the-bench'
/** Over runs: an empty database, and compiled code. */
export const CACHE = join(tmpdir(), 'everwarm-bench-coordinator')

/** A coordinator in a process of its own, on a database of its own. */
export interface BenchHouse {
  kind: 'embedded' | 'postgres'
  url: string
  client: CoordinatorClient
  coordinator: Program
  /** The server's first process; undefined: embedded. */
  postgresPid: number | undefined
  /** Another program of this folder. */
  child(name: string, options: unknown): Program
  close(): Promise<void>
}

export async function openHouse(kind: BenchHouse['kind']): Promise<BenchHouse> {
  const root = mkdtempSync(join(tmpdir(), 'ewb-coordinator-'))
  const postgres: TestPostgres | undefined = kind === 'postgres' ? await startPostgres() : undefined
  const place = {
    folder: join(root, 'c'),
    database: join(root, 'c', 'db'),
    artifacts: join(root, 'c', 'artifacts'),
    token: join(root, 'c', 'token'),
    cache: CACHE,
  }
  const databaseUrl = await postgres?.freshUrl()
  const options = { place, version: '0', databaseUrl, cacheFolder: CACHE, token: TOKEN, port: 0 }
  const env = { ...process.env, NODE_COMPILE_CACHE: join(CACHE, 'code') }
  const coordinator = program('coordinator-child.ts', options, env)
  const url = await coordinator.until(/http:\S+/)
  const children: Program[] = []
  return {
    kind,
    url,
    client: coordinatorClient({ url, token: TOKEN }),
    coordinator,
    postgresPid: postgres?.pid,
    child(name, given) {
      const child = program(new URL(name, import.meta.url).href, given, env)
      children.push(child)
      return child
    },
    async close() {
      for (const child of children) await child.kill()
      await coordinator.kill('SIGTERM')
      await postgres?.remove()
      rmSync(root, { recursive: true, force: true })
    },
  }
}

/** Those that are here; the reason is printed where Postgres is missing. */
export const databaseKinds = (): BenchHouse['kind'][] =>
  postgresFolder() === undefined ? ['embedded'] : ['embedded', 'postgres']
