import { fileURLToPath } from 'node:url'
import { spawnProcess } from '../../system/spawn.ts'
import type { ProcessEnd } from '../executor.ts'
import type { OutputPipes } from './pipes.ts'
import { endOf, type Spawned, type SpawnRequest } from './spawn-here.ts'
import type { FromSpawner, ToSpawner } from './spawner-wire.ts'

/** Begins processes in a small process beside this one. */
export interface Spawner {
  /** Not yet, or not any more, while it is false. */
  readonly isReady: boolean
  spawn(request: SpawnRequest, pipes: OutputPipes): Promise<Spawned>
  close(): void
}

interface Order {
  pipes: OutputPipes
  begun: PromiseWithResolvers<Spawned>
  exited: PromiseWithResolvers<ProcessEnd>
}

/** Whether it has begun is not known: it is not tried again. */
export const SPAWNER_LOST = 'SPAWNER_LOST'

const SOURCE = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
const PROGRAM = fileURLToPath(new URL(`./spawner-program${SOURCE}`, import.meta.url))

/**
 * What it has begun it says to have `lost` when it is killed: nobody knows its end any more.
 * @param base variables of all processes, sent once
 * @param env of the spawner itself
 */
export function openSpawner(base: Readonly<Record<string, string>>, env: Readonly<Record<string, string>>): Spawner {
  const orders = new Map<number, Order>()
  let isReady = false
  let count = 0
  const child = spawnProcess(process.execPath, ['--no-warnings', '--max-semi-space-size=1', PROGRAM], {
    cwd: '/',
    env,
    // A session of its own: what is sent to the engine's group must not end it as well.
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  const send = (frame: ToSpawner) => void (child.connected && child.send(frame, () => {}))
  child.unref()
  child.channel?.unref()
  child.on('error', lose)
  child.once('exit', lose)
  child.on('message', (frame: FromSpawner) => {
    if ('ready' in frame) {
      send({ base })
      isReady = true
      return
    }
    const order = orders.get(frame.id)
    if (!order) return
    const { pipes, begun, exited } = order
    if ('pid' in frame) return begun.resolve({ pid: frame.pid, ...pipes.read(), pipes: pipes.paths, exited: exited.promise })
    if ('failed' in frame) {
      pipes.drop()
      begun.reject(Object.assign(new Error(frame.failed), { code: frame.failed }))
    } else exited.resolve(endOf(frame.exitCode, frame.signal))
    orders.delete(frame.id)
    if (orders.size === 0) child.channel?.unref()
  })

  function lose(): void {
    isReady = false
    for (const { begun, exited } of orders.values()) {
      // Heard only by those who wait for it still. Its pipes stay open: it may have begun.
      begun.reject(Object.assign(new Error('its spawner was killed'), { code: SPAWNER_LOST }))
      exited.resolve({ reason: 'lost' })
    }
    orders.clear()
  }
  return {
    get isReady() {
      return isReady
    },
    spawn({ program, args, env, cwd }, pipes) {
      const id = (count += 1)
      const order: Order = { pipes, begun: Promise.withResolvers(), exited: Promise.withResolvers() }
      orders.set(id, order)
      // What runs keeps this process alive, as children of its own would.
      child.channel?.ref()
      send({ id, program, args, env: differences(base, env), cwd, pipes: pipes.paths })
      return order.begun.promise
    },
    close() {
      isReady = false
      if (child.connected) child.disconnect()
    },
  }
}

function differences(base: Readonly<Record<string, string>>, env: Readonly<Record<string, string>>): Record<string, string> {
  const different: Record<string, string> = {}
  for (const name in env) if (env[name] !== base[name]) different[name] = env[name]!
  return different
}
