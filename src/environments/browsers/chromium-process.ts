import type { ChildProcess } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { EverwarmError } from '../../contracts/errors.ts'
import { spawnProcess } from '../../system/spawn.ts'
import { messageCutter, sessionOf } from './cdp.ts'
import { withoutUnseen } from './flags.ts'
import { profileIn } from './folder.ts'

export interface ChromiumOptions {
  command: string
  args: readonly string[]
  env: Readonly<Record<string, string>>
  cwd: string
  /** For the profile and what Chromium writes to TMPDIR; made here. */
  folder: string
}

/** A running Chromium, its DevTools pipe shared between the host's own commands and one holder. */
export interface Chromium {
  /** A command of the host itself, to the root of the pipe or to a session that the host attached. @throws EverwarmError INTERNAL */
  call(method: string, params?: object, session?: string): Promise<any>
  /** Messages as they are, without their NULs. False: wait for `onDrain`. */
  write(messages: readonly Buffer[]): boolean
  onDrain(resume: () => void): void
  /** Gets all messages that do not answer the host, in the batches in which they came. */
  onMessages: ((batch: { message: Buffer; session: string | null }[]) => void) | null
  /** Gets the events of the pipe's own root, which are the host's alone. */
  onRootEvent: ((event: { method: string; params: any }) => void) | null
  /** Stops and starts the flow of messages. */
  pause(): void
  resume(): void
  kill(): void
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

const NUL = Buffer.from([0])
/** `<TMPDIR>/org.chromium.Chromium.123456/SingletonSocket` has to fit into the address of a socket (man 7 unix). */
const TMPDIR_MAX_BYTES = 103 - '/org.chromium.Chromium.123456/SingletonSocket'.length

export function startChromium({ command, args, env, cwd, folder }: ChromiumOptions): Chromium {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  // What a killed Chromium leaves in TMPDIR goes with the folder; `removeFolder` finds it elsewhere.
  const temporary = Buffer.byteLength(folder) <= TMPDIR_MAX_BYTES ? { TMPDIR: folder } : {}
  const child = spawnProcess(command, [...withoutUnseen(args), `--user-data-dir=${profileIn(folder)}`], {
    cwd,
    env: { ...env, ...temporary },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
  })
  const [input, output] = [child.stdio[3] as Writable, child.stdio[4] as Readable]
  // EPIPE when it is gone: its exit is what counts.
  input.on('error', () => {})
  output.on('error', () => {})
  const calls = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>()
  let serial = 0
  // The words of a failed start are heard; later ones are about buses and drivers, and nobody's.
  let isStarting = true
  child.stderr!.on('data', (chunk: Buffer) => isStarting && process.stderr.write(chunk))
  let isGone = false
  const exited = exitOf(child)
  void exited.then(() => {
    isGone = true
    for (const { reject } of calls.values()) reject(failure('Chromium has ended.'))
  })

  function answered(message: Buffer, session: string | null): boolean {
    if (session !== null && !message.subarray(0, 6).equals(ID_START)) return false
    const { id, method, params, result, error } = JSON.parse(message.toString('utf8')) as {
      id?: number
      method?: string
      params?: object
      result?: unknown
      error?: { message: string }
    }
    if (session === null && method) chromium.onRootEvent?.({ method, params })
    const call = id !== undefined && id >= OWN_IDS ? calls.get(id) : undefined
    if (!call) return session === null
    calls.delete(id!)
    if (error) call.reject(failure(error.message))
    else call.resolve(result)
    isStarting = false
    return true
  }

  const cut = messageCutter()
  const chromium: Chromium = {
    onMessages: null,
    onRootEvent: null,
    exited,
    call: (method, params = {}, session) =>
      new Promise((resolve, reject) => {
        if (isGone) return reject(failure('Chromium has ended.'))
        const id = OWN_IDS + (serial += 1)
        calls.set(id, { resolve, reject })
        input.write(`${JSON.stringify({ id, method, params, ...(session ? { sessionId: session } : {}) })}\0`)
      }),
    write: (messages) => input.write(Buffer.concat(messages.flatMap((message) => [message, NUL]))),
    onDrain: (resume) => void input.once('drain', resume),
    pause: () => void output.pause(),
    resume: () => void output.resume(),
    kill: () => void child.kill('SIGKILL'),
  }
  output.on('data', (chunk: Buffer) => {
    const batch = cut(chunk).map((message) => ({ message, session: sessionOf(message) }))
    // A session's answers to the host are told by their ids; nobody else counts that high.
    const others = batch.filter(({ message, session }) => !isOwn(message, session) || !answered(message, session))
    if (others.length > 0) chromium.onMessages?.(others)
  })
  return chromium
}

/** Ids of the host's own commands begin here: above Playwright's counters, below its own special ids. */
const OWN_IDS = 1_900_000_000
const ID_START = Buffer.from('{"id":')
const OWN_START = Buffer.from('{"id":19')

/** The root of the pipe is the host's alone; in a session only what answers it. */
function isOwn(message: Buffer, session: string | null): boolean {
  return session === null || message.subarray(0, OWN_START.length).equals(OWN_START)
}

function exitOf(child: ChildProcess): Chromium['exited'] {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      process.stderr.write(`${error.message}\n`)
      resolve({ code: 127, signal: null })
    })
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
}

function failure(message: string): EverwarmError {
  return new EverwarmError('INTERNAL', { message })
}
