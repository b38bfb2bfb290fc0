import type { Socket } from 'node:net'
import { errorFromData } from '../../contracts/errors.ts'
import * as door from '../../contracts/front-door.ts'
import type { PoolProfile } from '../../contracts/profiles.ts'
import type { Clock } from '../../system/clock.ts'
import type { Pool } from '../pool.ts'
import type { Client } from './server.ts'
import { isSameToken } from './token.ts'

/** What the daemon makes of a command. */
export type FrontAnswer =
  /** A host does it: the client is told where, and holds the lease as long as it stays connected. */
  | {
      do: 'lease'
      profile: PoolProfile
      waitMs?: number
      /** What the client becomes if no host can be had, or if it is lost. */ orElse?: readonly [string, ...string[]]
    }
  /** The client becomes this program. */
  | { do: 'exec'; program: readonly [string, ...string[]] }
  | { do: 'fail'; code: number; text: string }
  /** To stdout, and done. */
  | { do: 'print'; text: string }

/** One word of the front door. What it throws is told to the user, with exit code 1. */
export type FrontCommand = (request: door.FrontRequest, pool: Expecting) => Promise<FrontAnswer>

/** The part of the pool that a command may ask. */
export type Expecting = Pick<Pool, 'expect' | 'isExpected'>

export interface FrontDoorOptions {
  token: string
  version: string
  clock: Clock
  commands: Readonly<Record<string, FrontCommand>>
  pool: Pick<Pool, 'acquire'> & Expecting
  left(client: Client): void
  came(): void
  isStopping(): boolean
  log(line: string): void
}

export interface FrontDoor {
  accept(socket: Socket): void
  clients(): Client[]
}

/** Until all of a request is there, ms. */
const REQUEST_MAX_MS = 10_000
const LEASE_WAIT_MS = 60_000

/**
 * The daemon's side of clients that hand over a whole command: `docs/protocol/front-door.md`.
 * Whom it does not want (another version, a daemon that ends) it hangs up on: such a client becomes the Node client, which knows what to do.
 */
export function frontDoor(options: FrontDoorOptions): FrontDoor {
  const clients = new Map<Socket, Client>()
  let serial = 0

  function accept(socket: Socket): void {
    const late = options.clock.after(REQUEST_MAX_MS, () => socket.destroy())
    socket.on('error', () => {})
    socket.once('close', () => {
      late.cancel()
      const client = clients.get(socket)
      clients.delete(socket)
      if (client) options.left(client)
    })
    let greeting: Buffer = Buffer.alloc(0)
    const readRequest = door.requestReader((request) => {
      late.cancel()
      socket.off('data', listen)
      // Read on, so that its end is heard.
      socket.resume()
      void welcome(socket, request)
    })
    let isGreeted = false
    const listen = (chunk: Buffer) => {
      try {
        if (isGreeted) return readRequest(chunk)
        greeting = Buffer.concat([greeting, chunk])
        const end = greeting.indexOf('\n')
        if (end === -1 && greeting.length < door.MAX_GREETING_BYTES) return
        if (end === -1 || !isWelcome(greeting.toString('latin1', 0, end))) return void socket.destroy()
        isGreeted = true
        if (greeting.length > end + 1) readRequest(greeting.subarray(end + 1))
      } catch (error) {
        refuse(socket, error)
      }
    }
    socket.on('data', listen)
  }

  function isWelcome(line: string): boolean {
    const said = door.decodeGreeting(line)
    return (
      said !== undefined && isSameToken(said.token, options.token) && said.version === options.version && !options.isStopping()
    )
  }

  async function welcome(socket: Socket, request: door.FrontRequest): Promise<void> {
    const client: Client = {
      clientId: `F${(serial += 1)}`,
      pid: request.pid,
      label: `${request.command} ${request.cwd}`.slice(0, 500),
      isVisitor: false,
      tell(event, ...args) {
        // The end of its host it hears from the host's own socket.
        if (event !== 'output' || socket.destroyed) return
        const [, fd, chunk] = args as [string, 1 | 2, Uint8Array]
        socket.write(door.encodeFrontFrame(fd === 1 ? 'O' : 'E', chunk))
      },
    }
    clients.set(socket, client)
    options.came()
    try {
      const command = Object.hasOwn(options.commands, request.command) ? options.commands[request.command] : undefined
      // A word that only the Node client knows.
      if (!command) return void socket.destroy()
      await carryOut(socket, client, await command(request, options.pool))
    } catch (error) {
      refuse(socket, error)
    }
  }

  async function carryOut(socket: Socket, client: Client, answer: FrontAnswer): Promise<void> {
    if (answer.do === 'exec') return void socket.end(door.encodeFrontFrame('R', answer.program.join('\0')))
    if (answer.do === 'fail') return void socket.end(failure(answer.code, answer.text))
    if (answer.do === 'print') {
      socket.write(door.encodeFrontFrame('O', answer.text))
      return void socket.end(door.encodeFrontFrame('X', new Uint8Array([0])))
    }
    if (socket.destroyed) return
    const { profile, waitMs = LEASE_WAIT_MS, orElse } = answer
    try {
      const { address, token } = await options.pool.acquire({ profile, waitMs }, client.clientId)
      socket.write(door.encodeFrontFrame('H', [address, token, ...(orElse ?? [])].join('\0')))
    } catch (error) {
      if (!orElse) throw error
      socket.end(door.encodeFrontFrame('R', orElse.join('\0')))
    }
  }

  function refuse(socket: Socket, error: unknown): void {
    const { code, message, hint } = errorFromData(error)
    if (code === 'DAEMON_STOPPING') return void socket.destroy()
    if (code === 'INTERNAL') options.log(`at the front door: ${error instanceof Error ? error.stack : message}`)
    socket.end(failure(1, `everwarm: ${code}: ${message}\n${hint ? `everwarm: ${hint}\n` : ''}`))
  }

  return { accept, clients: () => [...clients.values()] }
}

function failure(code: number, text: string): Buffer {
  return door.encodeFrontFrame('F', Buffer.concat([Buffer.from([code]), Buffer.from(text)]))
}

/** Looks at the first byte of a connection, and leaves it in. */
export function byFirstByte(
  clock: Clock,
  accept: { frontDoor(socket: Socket): void; frames(socket: Socket): void },
): (socket: Socket) => void {
  return (socket) => {
    const late = clock.after(REQUEST_MAX_MS, () => socket.destroy())
    socket.once('close', late.cancel)
    socket.once('data', (chunk: Buffer) => {
      late.cancel()
      socket.pause()
      socket.unshift(chunk)
      if (chunk[0] === door.FRONT_DOOR_BYTE) accept.frontDoor(socket)
      else accept.frames(socket)
      socket.resume()
    })
  }
}
