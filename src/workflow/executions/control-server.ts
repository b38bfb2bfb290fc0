import { randomBytes, timingSafeEqual } from 'node:crypto'
import { rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { EverwarmError } from '../../contracts/errors.ts'
import { CONTROL_PROTOCOL, ControlHello, type ControlFunctions } from '../../contracts/workflow/control.ts'
import { openChannel } from '../../system/channel.ts'
import { type Clock, systemClock } from '../../system/clock.ts'
import { writeAtomically } from '../../system/files.ts'
import { frameSocket } from '../../system/frames.ts'
import { socketPlace } from './socket-place.ts'

/** `control.json`: how to speak to an execution. Only its owner can read it. */
export interface ControlPlace {
  socket: string
  token: string
}

export const CONTROL_FILE = 'control.json'
const MAX_BYTES = 64 * 1024
const HELLO_MAX_MS = 10_000

/** What the execution does when it is asked. */
export type ControlDesk = Omit<ControlFunctions, 'hello'>

export interface ControlServer {
  close(): void
}

/**
 * Listens for commands about one execution, in the folder that only its owner can enter; keeps no process alive.
 * @throws EverwarmError ADDRESS_TOO_LONG, ADDRESS_UNSAFE; what `listen` throws
 */
export async function serveControl(
  { id, entry }: { id: string; entry: string },
  desk: ControlDesk,
  clock: Clock = systemClock,
): Promise<ControlServer> {
  const place: ControlPlace = { socket: socketPlace(entry), token: randomBytes(32).toString('hex') }
  const connections = new Set<Socket>()
  const server = createServer((socket) => {
    socket.unref()
    connections.add(socket)
    socket.on('close', () => connections.delete(socket))
    accept(socket, { id, token: place.token, desk, clock })
  })
  server.unref()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(place.socket, resolve))
  writeAtomically(join(entry, CONTROL_FILE), JSON.stringify(place))
  return {
    close() {
      rmSync(join(entry, CONTROL_FILE), { force: true })
      server.close()
      // An answer may be on its way: that of `cancel`, for one.
      for (const socket of connections) socket.end()
      if (process.platform !== 'win32' && dirname(place.socket) !== entry)
        rmSync(dirname(place.socket), { recursive: true, force: true })
    },
  }
}

interface Door {
  id: string
  token: string
  desk: ControlDesk
  clock: Clock
}

function accept(socket: Socket, { id, token, desk, clock }: Door): void {
  const frames = frameSocket(socket, { maxBytes: MAX_BYTES })
  const late = clock.after(HELLO_MAX_MS, () => frames.destroy())
  frames.onClose(() => late.cancel())
  let isOpen = false
  const opened = () => {
    if (isOpen) return desk
    throw refused()
  }
  const functions: ControlFunctions = {
    hello(said) {
      const { success, data } = ControlHello.safeParse(said)
      if (!success || !isSame(data.token, token)) {
        // The refusal is on its way; the connection has no further use.
        setImmediate(() => void frames.end())
        throw refused()
      }
      if (data.protocol !== CONTROL_PROTOCOL) throw otherVersion(id)
      isOpen = true
      late.cancel()
      return { id, pid: process.pid }
    },
    status: () => opened().status(),
    pause: (unit) => opened().pause(unitOf(unit)),
    resume: (unit) => opened().resume(unitOf(unit)),
    cancel: (reason) => opened().cancel(String(reason).slice(0, 500)),
  }
  openChannel<Record<never, never>, ControlFunctions>(frames, functions, { closed: refused })
}

function isSame(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)]
  return a.length === b.length && timingSafeEqual(a, b)
}

function unitOf(unit: unknown): string | undefined {
  if (unit === undefined || (typeof unit === 'string' && unit.length <= 1_024)) return unit
  throw new EverwarmError('BAD_INPUT', { message: 'A unit is named by a text.', hint: 'Such as r4.0, as events name it.' })
}

const refused = () =>
  new EverwarmError('TOKEN_REFUSED', {
    message: 'The execution does not know this token.',
    hint: 'Ask as the user who started it, with the same EVERWARM_HOME.',
  })

const otherVersion = (id: string) =>
  new EverwarmError('PROTOCOL_MISMATCH', {
    message: `Execution ${id} runs in another version of everwarm.`,
    hint: 'Use the version that started it, or send its process SIGTERM.',
  })
