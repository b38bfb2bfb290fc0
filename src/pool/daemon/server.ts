import type { Socket } from 'node:net'
import { EverwarmError } from '../../contracts/errors.ts'
import type { ClientFunctions, DaemonFunctions, Hello, Welcome } from '../../contracts/protocol.ts'
import { PROTOCOL_VERSION } from '../../contracts/version.ts'
import { type Channel, openChannel } from '../../system/channel.ts'
import type { Clock } from '../../system/clock.ts'
import { type FrameSocket, frameSocket, MAX_FRAME_BYTES } from '../../system/frames.ts'
import { stopping } from '../stopping.ts'
import { isSameToken } from './token.ts'

/** What the daemon does for an accepted client; `clientId` is one connection. */
export interface Desk {
  functions(client: Client): Omit<DaemonFunctions, 'hello'>
  left(client: Client): void
  /** A client of another version asks for the place. True: the daemon has begun to end. */
  stepAside(): boolean
  isStopping(): boolean
}

export interface Client {
  clientId: string
  pid: number
  label: string
  /** Only asks, and does not count as somebody who needs the daemon. */
  isVisitor: boolean
  tell: Channel<ClientFunctions>['tell']
}

export interface ServerOptions {
  token: string
  version: string
  clock: Clock
  desk: Desk
  log(line: string): void
}

/** Until its token was accepted a connection may send this much, and take this long. */
const HELLO_MAX_BYTES = 64 * 1024
const HELLO_MAX_MS = 10_000

export interface DaemonServer {
  accept(socket: Socket): void
  /** Visitors are not among them. */
  clients(): Client[]
  find(clientId: string): Client | undefined
  /** Sends what is queued, then closes all connections. */
  end(): Promise<void>
}

/**
 * The daemon's side of its connections.
 * Node cannot ask the kernel who a peer is (no SO_PEERCRED): the folder of the socket, which only its owner can enter,
 * and the token in it, which only its owner can read, stand in for that.
 */
export function daemonServer(options: ServerOptions): DaemonServer {
  const connections = new Map<FrameSocket, Client | null>()
  let serial = 0

  function accept(socket: Socket): void {
    const frames = frameSocket(socket, { maxBytes: HELLO_MAX_BYTES })
    connections.set(frames, null)
    const late = options.clock.after(HELLO_MAX_MS, () => frames.destroy())
    frames.onClose((error) => {
      late.cancel()
      const client = connections.get(frames)
      connections.delete(frames)
      if (error) options.log(`connection of ${client?.label ?? 'a stranger'}: ${error.message}`)
      if (client) options.desk.left(client)
    })
    const channel: Channel<ClientFunctions> = openChannel<ClientFunctions, DaemonFunctions>(
      frames,
      { hello, ...guarded() },
      { closed: connectionLost },
    )
    let functions: Omit<DaemonFunctions, 'hello'> | undefined

    async function hello(said: Hello): Promise<Welcome> {
      try {
        checkHello(said, options)
      } catch (error) {
        // The refusal is on its way; the connection has no further use.
        setImmediate(() => void frames.end())
        throw error
      }
      late.cancel()
      frames.limitFrames(MAX_FRAME_BYTES)
      const client = {
        clientId: `C${(serial += 1)}`,
        pid: said.pid,
        label: said.label,
        isVisitor: said.isVisitor === true,
        tell: channel.tell,
      }
      functions = options.desk.functions(client)
      connections.set(frames, client)
      return { protocol: PROTOCOL_VERSION, version: options.version, pid: process.pid }
    }

    /** Every function of the desk, closed until the hello was accepted. */
    function guarded(): Omit<DaemonFunctions, 'hello'> {
      const open = () => {
        if (functions) return functions
        throw tokenRefused()
      }
      return {
        acquire: async (request) => open().acquire(request),
        release: async (leaseId, end) => open().release(leaseId, end),
        status: async () => open().status(),
        warm: async (profile, count) => open().warm(profile, count),
        drain: async () => open().drain(),
        stop: async () => open().stop(),
      }
    }
  }

  const accepted = () => [...connections.values()].filter((client) => client !== null)
  return {
    accept,
    clients: () => accepted().filter((client) => !client.isVisitor),
    find: (clientId) => accepted().find((client) => client.clientId === clientId),
    end: async () => void (await Promise.all([...connections.keys()].map((frames) => frames.end()))),
  }
}

/** @throws EverwarmError BAD_INPUT, TOKEN_REFUSED, PROTOCOL_MISMATCH, DAEMON_STOPPING */
function checkHello(said: Hello, { token, version, desk }: ServerOptions): void {
  // By hand: this shape is what daemons of any version understand, and the first client need not wait for zod.
  const { token: given, pid, label, protocol, version: theirs, isVisitor } = (said ?? {}) as Partial<Record<keyof Hello, unknown>>
  if (typeof given !== 'string' || !isSameToken(given, token)) throw tokenRefused()
  if (typeof label !== 'string' || label.length > 500 || !Number.isInteger(pid)) {
    throw new EverwarmError('BAD_INPUT', {
      message: 'The greeting of a client has no label or no process number.',
      hint: 'Update everwarm on both sides.',
    })
  }
  if (desk.isStopping()) throw stopping()
  if (protocol === PROTOCOL_VERSION && (theirs === version || isVisitor === true)) return
  if (isVisitor !== true && desk.stepAside()) throw stopping()
  throw new EverwarmError('PROTOCOL_MISMATCH', {
    message: `The daemon (process ${process.pid}) is everwarm ${version} with protocol ${PROTOCOL_VERSION}; this client is ${String(theirs)} with protocol ${String(protocol)}, and others hold leases of it.`,
    hint: 'Wait until their runs are over, or stop it with the other version’s `everwarm pool stop`.',
  })
}

function tokenRefused(): EverwarmError {
  return new EverwarmError('TOKEN_REFUSED', {
    message: 'The daemon does not know this token.',
    hint: 'Run again; if it stays, stop the daemon with `everwarm pool stop`.',
  })
}

function connectionLost(): EverwarmError {
  return new EverwarmError('DAEMON_UNREACHABLE', { message: 'The client is gone.' })
}
