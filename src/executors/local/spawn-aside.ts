import type { ChildProcess } from 'node:child_process'
import { createServer, type Server, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { spawnProcess } from '../../system/spawn.ts'
import type { ProcessEnd } from '../executor.ts'
import { endOf, type Spawned, type SpawnRequest } from './spawn-here.ts'
import { type FromSpawner, HEAD_BYTES, type ToSpawner } from './spawner-wire.ts'

/** Begins processes in a small process beside this one. */
export interface Spawner {
  /** Not yet, or not any more, while it is false. */
  readonly isReady: boolean
  spawn(request: SpawnRequest): Promise<Spawned>
  close(): void
}

interface Order {
  id: number
  pid?: number
  o?: Socket
  e?: Socket
  /** It may be said before its streams are here. */
  end?: ProcessEnd
  begun: PromiseWithResolvers<Spawned>
  exited: PromiseWithResolvers<ProcessEnd>
}

/** Whether it has begun is not known: it is not tried again. */
export const SPAWNER_LOST = 'SPAWNER_LOST'

const SOURCE = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
const PROGRAM = fileURLToPath(new URL(`./spawner-program${SOURCE}`, import.meta.url))

/**
 * What it has begun it says to have `lost` when it is killed: nobody knows their end any more.
 * @param options.socketPath in a folder that nobody else can enter
 * @param options.base variables of all processes, sent once
 * @param options.env of the spawner itself
 */
export function openSpawner(options: {
  socketPath: string
  base: Readonly<Record<string, string>>
  env: Readonly<Record<string, string>>
}): Spawner {
  const { socketPath, base, env } = options
  const orders = new Map<number, Order>()
  let isReady = false
  let count = 0
  const server = acceptStreams(socketPath, (stream, id, socket) => {
    const order = orders.get(id)
    if (!order) return socket.destroy()
    order[stream] = socket
    settle(order)
  })
  const child: ChildProcess = spawnProcess(process.execPath, ['--no-warnings', '--max-semi-space-size=1', PROGRAM, socketPath], {
    cwd: '/',
    env,
    // A session of its own: what is sent to the engine's group must not end it as well.
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  const send = (frame: ToSpawner) => child.connected && child.send(frame, () => {})
  child.unref()
  child.channel?.unref()
  child.on('error', lose)
  child.once('exit', lose)
  child.on('message', (frame: FromSpawner) => {
    if ('ready' in frame) {
      isReady = true
      return send({ base })
    }
    const order = orders.get(frame.id)
    if (!order) return
    if ('pid' in frame) {
      order.pid = frame.pid
      settle(order)
    } else if ('failed' in frame) {
      order.begun.reject(Object.assign(new Error(frame.failed), { code: frame.failed }))
      forget(frame.id)
    } else {
      order.end = endOf(frame.exitCode, frame.signal)
      settle(order)
    }
  })

  function settle({ id, pid, o, e, end, begun, exited }: Order): void {
    if (!pid || !o || !e) return
    begun.resolve({ pid, stdout: o, stderr: e, exited: exited.promise })
    if (!end) return
    exited.resolve(end)
    forget(id)
  }
  function forget(id: number): void {
    orders.delete(id)
    if (orders.size === 0) child.channel?.unref()
  }
  function lose(): void {
    isReady = false
    server.close()
    for (const { begun, exited } of orders.values()) {
      begun.reject(Object.assign(new Error('its spawner was killed'), { code: SPAWNER_LOST }))
      exited.resolve({ reason: 'lost' })
    }
    orders.clear()
  }
  return {
    get isReady() {
      return isReady
    },
    spawn({ program, args, env, cwd }) {
      const id = (count += 1)
      const order: Order = { id, begun: Promise.withResolvers(), exited: Promise.withResolvers() }
      orders.set(id, order)
      // What runs keeps this process alive, as children of its own would.
      child.channel?.ref()
      send({ id, program, args, env: differences(base, env), cwd })
      return order.begun.promise
    },
    close() {
      isReady = false
      server.close()
      if (child.connected) child.disconnect()
    },
  }
}

/** Each stream says first whose it is. */
function acceptStreams(path: string, onStream: (stream: 'o' | 'e', id: number, socket: Socket) => void): Server {
  const server = createServer((socket) => {
    const read = () => {
      const head = (socket.read(HEAD_BYTES) as Buffer | null)?.toString('latin1')
      if (head === undefined) return
      socket.off('readable', read)
      onStream(head[0] as 'o' | 'e', Number(head.slice(1)), socket)
    }
    socket.on('error', () => {})
    socket.on('readable', read)
  })
  server.on('error', () => {})
  server.listen(path)
  server.unref()
  return server
}

function differences(base: Readonly<Record<string, string>>, env: Readonly<Record<string, string>>): Record<string, string> {
  const different: Record<string, string> = {}
  for (const name in env) if (env[name] !== base[name]) different[name] = env[name]!
  return different
}
