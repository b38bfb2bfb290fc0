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

/** Keeps the first line for itself; what comes before it can only be the engine, with an excuse. */
function beginReader(listen: Listen) {
  const { promise, resolve } = Promise.withResolvers<Began | undefined>()
  let hasBegun = false
  let first = Buffer.alloc(0)
  let excuse = ''
  return {
    began: promise,
    why: () => `${excuse}${first.toString()}`.replace(/^!\n/, '').trim(),
    listen(from: 'stdout' | 'stderr', bytes: Buffer) {
      if (hasBegun) return listen(from, bytes)
      if (from === 'stderr') {
        excuse = `${excuse}${bytes.toString()}`.slice(0, 2_000)
        return
      }
      first = Buffer.concat([first, bytes]).subarray(0, 1_048_576)
      const match = /^(\d+) (\d+)\n/.exec(first.toString('latin1', 0, 64))
      if (!match) return
      hasBegun = true
      resolve({ pid: Number(match[1]), startedAt: Number(match[2]) })
      const rest = first.subarray(match[0].length)
      if (rest.length > 0) return listen('stdout', rest)
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
