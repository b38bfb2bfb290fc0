import type { Duplex, Readable } from 'node:stream'
import type { Clock } from '../../system/clock.ts'
import { demux, type Listen } from './demux.ts'
import type { Docker, DockerContainer } from './engine.ts'
import { BEGIN_SCRIPT, pastShell } from './idle-script.ts'

export interface ExecRequest {
  argv: readonly string[]
  env?: Readonly<Record<string, string>>
  cwd?: string
  user?: string
  /** Its input; absent: it has none. */
  input?: Readable
  listen: Listen
}

export interface Began {
  /** In the container; it leads a session of this number. */
  pid: number
  /** As the kernel says it, in its ticks. */
  startedAt: number
}

export interface RunningExec {
  /** undefined: it never began, and what was said instead is in `why`. */
  readonly began: Promise<Began | undefined>
  why(): string
  /** After all output; undefined: nobody knows, its container is gone. */
  readonly exitCode: Promise<number | undefined>
}

/**
 * Runs a program in a container. A small `sh` goes before it: it says who it is on a line of its own, then becomes the program.
 * @throws what the engine says if the container is not there
 */
export async function execIn(
  docker: Docker,
  container: DockerContainer,
  request: ExecRequest,
  clock: Clock,
): Promise<RunningExec> {
  const { argv, env = {}, cwd, user, input } = request
  const exec = await container.exec({
    Cmd: ['/bin/sh', '-c', BEGIN_SCRIPT, 'sh', ...argv],
    Env: Object.entries(pastShell(env)).map(([name, value]) => `${name}=${value}`),
    AttachStdin: input !== undefined,
    AttachStdout: true,
    AttachStderr: true,
    ...(cwd === undefined ? {} : { WorkingDir: cwd }),
    ...(user === undefined ? {} : { User: user }),
  })
  const stream = (await exec.start(input ? { hijack: true, stdin: true } : {})) as Duplex
  if (input) feed(input, stream)
  const head = beginReader(request.listen)
  const ended = demux(stream, head.listen).catch(() => {}) // Broken off: what became of it is asked for below.
  const exitCode = ended.then(() => {
    head.end()
    return exitCodeOf(exec, clock)
  })
  return { began: head.began, why: head.why, exitCode }
}

function feed(input: Readable, stream: Duplex): void {
  stream.on('error', () => input.destroy())
  // It may have broken off already.
  if (input.errored) stream.destroy()
  input.on('error', () => stream.destroy())
  input.pipe(stream)
}

/**
 * Keeps the first line for itself. Errors may overtake it, since engines send both streams side by side: they are held until it has
 * come; if it never does they are the engine's excuse.
 */
function beginReader(listen: Listen) {
  const { promise, resolve } = Promise.withResolvers<Began | undefined>()
  let hasBegun = false
  let first = Buffer.alloc(0)
  let early: Buffer[] = []

  async function begin(began: Began, rest: Buffer): Promise<void> {
    hasBegun = true
    resolve(began)
    for (const bytes of early.splice(0)) await listen('stderr', bytes)
    if (rest.length > 0) await listen('stdout', rest)
  }
  return {
    began: promise,
    why: () => `${Buffer.concat(early).toString()}${first.toString()}`.replace(/^!\n/, '').slice(0, 2_000).trim(),
    listen(from: 'stdout' | 'stderr', bytes: Buffer) {
      if (hasBegun) return listen(from, bytes)
      if (from === 'stderr') return void early.push(Buffer.from(bytes))
      first = Buffer.concat([first, bytes])
      const match = /^(\d+) (\d+)\n/.exec(first.toString('latin1', 0, 64))
      if (match) return begin({ pid: Number(match[1]), startedAt: Number(match[2]) }, first.subarray(match[0].length))
    },
    end: () => resolve(undefined),
  }
}

interface ExecState {
  inspect(): Promise<{ Running: boolean; ExitCode: number | null }>
}

/** The output may end a moment before the engine has noticed the end of the process. */
async function exitCodeOf(exec: ExecState, clock: Clock): Promise<number | undefined> {
  for (let waitMs = 5; ; waitMs = Math.min(waitMs * 2, 500)) {
    try {
      const { Running: isRunning, ExitCode: code } = await exec.inspect()
      if (!isRunning && code !== null) return code
    } catch {
      // Gone with its container.
      return undefined
    }
    await new Promise<void>((resolve) => void clock.after(waitMs, resolve))
  }
}
