import type { ErrorInfo } from '../../contracts/error-info.ts'
import { killGroup, spawnProcess } from '../../system/spawn.ts'
import type { GroupReaper } from '../reaper.ts'
import type { HostMessage } from './host-types.ts'

export interface HostProcessOptions {
  command: string
  args: readonly string[]
  cwd: string
  env: NodeJS.ProcessEnv
  reaper: GroupReaper
  /** Whether it speaks over a channel; else its output is all there is. */
  hasChannel: boolean
  onMessage?(message: HostMessage): void
  onOutput(stream: 'stdout' | 'stderr', text: string): void
}

/** A process in a group of its own, which ends as a whole: with this program at the latest. */
export interface HostProcess {
  send(message: object): void
  /** Its input ends: a sign to finish. */
  disconnect(): void
  kill(signal?: NodeJS.Signals): void
  /** After its last output. */
  readonly ended: Promise<HostProcessEnd>
}

export interface HostProcessEnd {
  code: number | null
  signal: string | null
  /** The last of what it said. */
  tail: string
  error?: ErrorInfo
}

const TAIL_CHARS = 8_000
/** Output that grandchildren hold open must not hide the end of their parent. */
const LAST_OUTPUT_MS = 500

export function hostProcess(options: HostProcessOptions): HostProcess {
  const { command, args, cwd, env, reaper, hasChannel, onMessage, onOutput } = options
  const { promise: ended, resolve } = Promise.withResolvers<HostProcessEnd>()
  const child = spawnProcess(command, args, {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', ...(hasChannel ? ['ipc' as const] : [])],
  })
  const { pid } = child
  let tail = ''
  let error: ErrorInfo | undefined
  let hasExited = false
  if (pid !== undefined) reaper.add(pid)
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream]?.setEncoding('utf8').on('data', (text: string) => {
      tail = (tail + text).slice(-TAIL_CHARS)
      onOutput(stream, text)
    })
  child.on('message', (message: HostMessage) => typeof message?.kind === 'string' && onMessage?.(message))
  child.once('error', (cause: NodeJS.ErrnoException) => {
    error = {
      code: 'COMMAND_NOT_FOUND',
      message: `"${command}" cannot be run in ${cwd} (${cause.code}).`,
      hint: 'Install it on the worker.',
    }
  })
  const finish = (code: number | null, signal: string | null) => {
    if (pid !== undefined) reaper.remove(pid)
    child.stdout?.destroy()
    child.stderr?.destroy()
    resolve({ code, signal, tail: tail.trim(), ...(error ? { error } : {}) })
  }
  child.once('exit', (code, signal) => {
    hasExited = true
    if (pid !== undefined) killGroup(pid)
    setTimeout(() => finish(code, signal), LAST_OUTPUT_MS).unref()
  })
  child.once('close', finish)
  return {
    send: (message) => void (child.connected && child.send(message, () => {})),
    disconnect: () => void (child.connected && child.disconnect()),
    kill: (signal = 'SIGKILL') => void (pid !== undefined && !hasExited && killGroup(pid, signal)),
    ended,
  }
}
