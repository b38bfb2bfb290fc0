import { closeSync, constants, openSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { spawnProcess } from '../../system/spawn.ts'

/** Of stdout and stderr. */
export type PipePaths = readonly [stdout: string, stderr: string]

/** Two pipes for the output of one process; their reading ends are open. */
export interface OutputPipes {
  readonly paths: PipePaths
  /** Only when somebody has the writing ends: a pipe that nobody writes is at its end. */
  read(): { stdout: Socket; stderr: Socket }
  /** Nobody will write. */
  drop(): void
}

export interface PipeStore {
  /** undefined: there are none here. */
  take(): Promise<OutputPipes | undefined>
}

/** So many are made at a time, since it takes a process: few for who runs few commands. */
const FIRST_BATCH = 16
const BATCH = 256

/**
 * Pipes with names. Those that Node gives to children are sockets on Linux, and `/dev/stdout` of a socket cannot be opened:
 * what scripts write there would be lost here, and nowhere else.
 * @param makeFolder called once; the folder is removed by who made it
 */
export function pipeStore(makeFolder: () => Promise<string>): PipeStore {
  const free: string[] = []
  let count = 0
  let folder: Promise<string> | undefined
  let making: Promise<void> | undefined

  async function make(): Promise<void> {
    const place = await (folder ??= makeFolder())
    const paths = Array.from({ length: count === 0 ? FIRST_BATCH : BATCH }, () => join(place, `p${(count += 1)}`))
    if (await mkfifo(paths)) free.push(...paths)
  }
  return {
    async take() {
      if (process.platform !== 'linux') return undefined
      // Who comes while they are made may find none left.
      for (let tries = 0; free.length < 2 && tries < 3; tries++) await (making ??= make().finally(() => (making = undefined)))
      return free.length < 2 ? undefined : openPipes([free.pop()!, free.pop()!])
    },
  }
}

function mkfifo(paths: readonly string[]): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const env = { PATH: '/usr/bin:/bin' }
  const maker = spawnProcess('mkfifo', ['-m', '600', ...paths], { cwd: '/', env, stdio: 'ignore' })
  maker.once('error', () => resolve(false))
  maker.once('exit', (code) => resolve(code === 0))
  return promise
}

// Names in a folder of this machine and ends of pipes: nothing here waits for a disk.
function openPipes(paths: PipePaths): OutputPipes {
  const fds = paths.map((path) => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK))
  return {
    paths,
    read() {
      const [stdout, stderr] = fds.map((fd) => new Socket({ fd, readable: true, writable: false }))
      return { stdout: stdout!, stderr: stderr! }
    },
    drop() {
      for (const fd of fds) closeSync(fd)
      for (const path of paths) rmSync(path, { force: true })
    },
  }
}
