import { createServer, type Socket } from 'node:net'
import { EverwarmError } from '../../contracts/errors.ts'
import { isSame } from '../../content/transfer/wire.ts'
import { openChannel } from '../../system/channel.ts'
import { frameSocket } from '../../system/frames.ts'
import type { KeeperFunctions } from './keeper-wire.ts'

const MAX_BYTES = 64 * 1024
const HELLO_MAX_MS = 10_000

/** Answers in the folder that only this user can enter. @throws what `listen` throws */
export async function serveKeeper(path: string, token: string, desk: Omit<KeeperFunctions, 'hello'>): Promise<{ close(): void }> {
  const connections = new Set<Socket>()
  const server = createServer((socket) => {
    connections.add(socket)
    socket.on('close', () => connections.delete(socket))
    accept(socket, token, desk)
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve))
  return {
    close() {
      server.close()
      // The answer to `kill` may be on its way.
      for (const socket of connections) socket.end()
    },
  }
}

function accept(socket: Socket, token: string, desk: Omit<KeeperFunctions, 'hello'>): void {
  const frames = frameSocket(socket, { maxBytes: MAX_BYTES })
  const late = setTimeout(() => frames.destroy(), HELLO_MAX_MS)
  frames.onClose(() => clearTimeout(late))
  let isOpen = false
  const opened = () => {
    if (isOpen) return desk
    throw refused()
  }
  const functions: KeeperFunctions = {
    hello(said) {
      if (!isSame(String(said?.token), token)) {
        setImmediate(() => void frames.end())
        throw refused()
      }
      isOpen = true
      clearTimeout(late)
    },
    addresses: () => opened().addresses(),
    kill: (logs) => opened().kill(logs),
  }
  openChannel<Record<never, never>, KeeperFunctions>(frames, functions, { closed: refused })
}

const refused = () =>
  new EverwarmError('TOKEN_REFUSED', {
    message: 'The holder of these services does not know this token.',
    hint: 'Ask as the user who started them, with the same EVERWARM_HOME.',
  })
