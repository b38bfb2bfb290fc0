import type { Readable } from 'node:stream'
import { spawnProcess } from '../../system/spawn.ts'
import type { ProcessEnd } from '../executor.ts'

export interface SpawnRequest {
  program: string
  args: readonly string[]
  env: Readonly<Record<string, string>>
  cwd: string
}

/** A process that leads a session and a group of its own. */
export interface Spawned {
  pid: number
  stdout: Readable
  stderr: Readable
  readonly exited: Promise<ProcessEnd>
}

/** Rejects with what the system says: an error with `code`. */
export type Spawn = (request: SpawnRequest) => Promise<Spawned>

/** As a child of this process. */
export const spawnHere: Spawn = ({ program, args, env, cwd }) => {
  const begun = Promise.withResolvers<Spawned>()
  const exited = Promise.withResolvers<ProcessEnd>()
  try {
    const child = spawnProcess(program, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    child.once('exit', (code, signal) => exited.resolve(endOf(code, signal)))
    child.once('spawn', () =>
      begun.resolve({ pid: child.pid!, stdout: child.stdout!, stderr: child.stderr!, exited: exited.promise }),
    )
    // Stays: without a listener a later one would end this process.
    child.on('error', begun.reject)
  } catch (error) {
    begun.reject(error)
  }
  return begun.promise
}

export const endOf = (code: number | null, signal: string | null): ProcessEnd =>
  code === null ? { signal: signal! } : { exitCode: code }
