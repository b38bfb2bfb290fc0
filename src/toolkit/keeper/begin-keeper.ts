import { createInterface } from 'node:readline'
import { EverwarmError } from '../../contracts/errors.ts'
import { spawnProcess } from '../../system/spawn.ts'
import type { ToolkitGiven } from '../command.ts'
import { type KeepRequest, type KeeperLine, RELEASE } from './keeper-wire.ts'

/** Marks by which an execution around finds all that it has started, and kills it: a keeper ends by itself, and cleans up. */
const MARKS = ['WORKFLOW_EXECUTION', 'WORKFLOW_COMMAND']

export interface BegunKeeper {
  /** The last line: ready, or ended. @throws EverwarmError SERVICE_FAILED: it was killed */
  last: Promise<Extract<KeeperLine, { ready: unknown } | { ended: unknown }>>
  /** It lives on without this process. */
  release(): Promise<void>
  /** It ends all, and then says so. */
  giveUp(): void
}

/** A process in a session of its own, that lives when this one and all around it have ended. */
export function beginKeeper(given: ToolkitGiven, request: KeepRequest, hear: (line: KeeperLine) => void): BegunKeeper {
  const env = Object.fromEntries(Object.entries(given.env).filter(([name]) => !MARKS.includes(name)))
  const child = spawnProcess(process.execPath, [...given.self, 'keep-services'], {
    cwd: given.cwd,
    env: env as NodeJS.ProcessEnv,
    detached: true,
    stdio: ['pipe', 'pipe', given.env['DEBUG'] ? 'inherit' : 'ignore'],
  })
  child.stdin!.on('error', () => {})
  child.stdin!.write(`${JSON.stringify(request)}\n`)
  const last = Promise.withResolvers<Awaited<BegunKeeper['last']>>()
  const lines = createInterface({ input: child.stdout! })
  lines.on('line', (text) => {
    const line = JSON.parse(text) as KeeperLine
    if ('ready' in line || 'ended' in line) last.resolve(line)
    else hear(line)
  })
  lines.once('close', () => last.reject(killed()))
  child.once('error', (cause) => last.reject(killed(cause)))
  return {
    last: last.promise,
    release: () =>
      new Promise((resolve) => {
        child.stdin!.end(`${RELEASE}\n`, () => {
          child.unref()
          lines.close()
          child.stdout!.destroy()
          resolve()
        })
      }),
    giveUp: () => void child.stdin!.end(),
  }
}

const killed = (cause?: unknown) =>
  new EverwarmError('SERVICE_FAILED', {
    message: 'The process that was to hold the services has ended.',
    hint: 'Look whether memory ran out; with DEBUG=1 it says more.',
    cause,
  })
