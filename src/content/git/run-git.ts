import { StringDecoder } from 'node:string_decoder'
import { EverwarmError } from '../../contracts/errors.ts'
import { killGroup, spawnProcess } from '../../system/spawn.ts'
import type { MaskStream } from '../masks.ts'

export interface GitRun {
  cwd: string
  env: NodeJS.ProcessEnv
  signal?: AbortSignal | undefined
  /** Text for its standard input. */
  input?: string
  mask: MaskStream
  hear?: ((text: string) => void) | undefined
  groups?: { add(groupId: number): void; remove(groupId: number): void } | undefined
}

/** It ended, and not well. */
export class GitFailure extends Error {
  /** Its last words, masked. */
  readonly said: string

  constructor(said: string) {
    super(said)
    this.name = 'GitFailure'
    this.said = said
  }
}

const MOST_SAID = 4_000
const MOST_OUTPUT = 64 * 1024

/**
 * Runs git so that its group may read and write what it makes.
 * @returns its standard output, at most 64 KiB
 * @throws GitFailure; EverwarmError COMMAND_NOT_FOUND; the reason of the signal
 */
export function runGit(args: readonly string[], { cwd, env, signal, input, mask, hear, groups }: GitRun): Promise<string> {
  return new Promise((resolve, reject) => {
    const isWindows = process.platform === 'win32'
    const [program, words] = isWindows ? ['git', args] : ['sh', ['-c', 'umask 002; exec git "$@"', 'git', ...args]]
    // A group of its own: git has children that speak to the network.
    const child = spawnProcess(program, words, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'], detached: !isWindows })
    const stop = () => child.pid !== undefined && killGroup(child.pid)
    signal?.addEventListener('abort', stop)
    if (child.pid !== undefined) groups?.add(child.pid)
    let output = ''
    let said = ''
    const decoder = new StringDecoder()
    const listen = (bytes: Buffer) => {
      const text = decoder.write(bytes)
      said = (said + text).slice(-MOST_SAID)
      if (text !== '') hear?.(text)
    }
    child.stdout!.on('data', (bytes: Buffer) => (output = (output + bytes.toString()).slice(0, MOST_OUTPUT)))
    child.stderr!.on('data', (bytes: Buffer) => listen(mask.push(bytes)))
    // It may end without having read.
    child.stdin!.on('error', () => {})
    child.stdin!.end(input ?? '')
    child.on('error', (cause) => reject(notFound(cause)))
    child.on('close', (code) => {
      signal?.removeEventListener('abort', stop)
      if (child.pid !== undefined) groups?.remove(child.pid)
      listen(mask.end())
      if (signal?.aborted) reject(signal.reason as Error)
      else if (code === 0) resolve(output)
      else reject(code === 127 ? notFound(said) : new GitFailure(said.trim() || `exit code ${code}`))
    })
  })
}

const notFound = (cause: unknown) =>
  new EverwarmError('COMMAND_NOT_FOUND', { message: 'git is not on this machine.', hint: 'Install git.', cause })
