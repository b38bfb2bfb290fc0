import type { ChildProcess } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RuntimeRequest } from '../../../contracts/runtime-wire.ts'
import { spawnProcess } from '../../../system/spawn.ts'
import { groupBytes } from '../../browsers/memory.ts'
import type { ContextPorts, Contexts } from './context.ts'
import { Spares } from './spares.ts'

interface Spare {
  child: ChildProcess
  ports: ContextPorts | undefined
  /** Asked before it could hear: messages to a process that has no listener yet can be lost. */
  early: RuntimeRequest[] | null
}

const ENTRY = fileURLToPath(new URL(`./in-child${extname(import.meta.url)}`, import.meta.url))

/**
 * Processes of deno: its Workers cannot be ended while they compute (deno 2.9: after `terminate()` an endless loop goes on).
 * They stay in this process's group, and end with it.
 */
export async function childContexts(about: { command: string; env: Record<string, string>; cwd: string }): Promise<Contexts> {
  const spares = new Spares(start)
  const taken = new Set<Spare>()
  let isOver = false

  function start(): Spare {
    const { command, env, cwd } = about
    const child = spawnProcess(command, ['run', '--allow-all', '--quiet', ENTRY], {
      cwd,
      env,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'json',
    })
    const spare: Spare = { child, ports: undefined, early: [] }
    const over = (why: string) => {
      const { ports } = spare
      spare.ports = undefined
      if (taken.delete(spare)) ports?.ended(why)
      else if (!isOver) spares.drop(spare, why)
    }
    child.on('message', (message) => {
      const { line, isReady } = message as { line?: unknown; isReady?: boolean }
      if (isReady) {
        spares.started()
        for (const request of spare.early ?? []) child.send(request)
        spare.early = null
      } else if (typeof line === 'string') spare.ports?.line(line)
    })
    child.once('error', (error) => over(error.message))
    child.once('exit', (code, signal) => over(`it ended with ${signal ?? `code ${code}`}`))
    return spare
  }

  await spares.first
  return {
    rssBytes: () => groupBytes(process.pid),
    take(ports) {
      const spare = spares.take()
      spare.ports = ports
      taken.add(spare)
      return {
        ask: (request) => (spare.early ? void spare.early.push(request) : void spare.child.send(request, () => {})),
        kill() {
          spare.ports = undefined
          taken.delete(spare)
          spare.child.kill('SIGKILL')
        },
      }
    },
    end() {
      isOver = true
      for (const { child } of [...taken, ...spares.end()]) child.kill('SIGKILL')
    },
  }
}
