import type { ChildProcess } from 'node:child_process'
import { closeSync, constants, openSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { spawnProcess } from '../../system/spawn.ts'
import type { ProcessEnd } from '../executor.ts'
import type { OutputPipes, PipePaths } from './pipes.ts'

export interface SpawnRequest {
  program: string
  args: readonly string[]
  env: Readonly<Record<string, string>>
  cwd: string
}

/** A process that leads a session and a group of its own. */
export interface Spawned {
  pid: number
  stdout: Socket
  stderr: Socket
  /** Names of the pipes, by which who holds them is found; absent: they have none. */
  pipes?: PipePaths
  readonly exited: Promise<ProcessEnd>
}

/** Rejects with what the system says: an error with `code`. */
export type Spawn = (request: SpawnRequest) => Promise<Spawned>

/** As a child of this process. @param pipes absent: those that Node makes */
export async function spawnHere(request: SpawnRequest, pipes?: OutputPipes): Promise<Spawned> {
  const begun = Promise.withResolvers<void>()
  const exited = Promise.withResolvers<ProcessEnd>()
  try {
    const child = pipes ? spawnInto(request, pipes.paths) : spawnDetached(request, 'pipe', 'pipe')
    child.once('exit', (code, signal) => exited.resolve(endOf(code, signal)))
    child.once('spawn', begun.resolve)
    // Stays: without a listener a later one would end this process.
    child.on('error', begun.reject)
    await begun.promise
    // Node makes sockets for it, and says less of them.
    const own = () => ({ stdout: child.stdout as Socket, stderr: child.stderr as Socket })
    const streams = pipes ? { ...pipes.read(), pipes: pipes.paths } : own()
    return { pid: child.pid!, ...streams, exited: exited.promise }
  } catch (error) {
    pipes?.drop()
    throw error
  }
}

/** It alone has the writing ends, and the pipes have no names any more. */
export function spawnInto(request: SpawnRequest, paths: PipePaths): ChildProcess {
  const fds: number[] = []
  try {
    // It waits for a reader; there is one.
    for (const path of paths) fds.push(openSync(path, constants.O_WRONLY))
    return spawnDetached(request, fds[0]!, fds[1]!)
  } finally {
    for (const fd of fds) closeSync(fd)
    for (const path of paths) rmSync(path, { force: true })
  }
}

const spawnDetached = ({ program, args, env, cwd }: SpawnRequest, stdout: number | 'pipe', stderr: number | 'pipe') =>
  spawnProcess(program, args, { cwd, env, detached: true, stdio: ['ignore', stdout, stderr] })

export const endOf = (code: number | null, signal: string | null): ProcessEnd =>
  code === null ? { signal: signal! } : { exitCode: code }
