import type { Socket } from 'node:net'

/** Who connects and does not say its token within this time is nobody. */
const TOKEN_MAX_MS = 5_000
const TOKEN_MAX_BYTES = 200

export interface Desk {
  /** A holder with this token may come, once. */
  expect(token: string): void
  /** Its holder is gone: ends its connection; one that never came is reported by `onNeverCame`. */
  reclaim(token: string): void
  /** A connection to the host's socket. */
  greet(socket: Socket): void
}

interface DeskEvents {
  /** A holder has come with its token; the lease ends with this connection. */
  onHolder(token: string, socket: Socket): void
  onNeverCame(token: string): void
}

/** Lets in those who have a token: the first message of a connection, ended by a NUL. */
export function createDesk({ onHolder, onNeverCame }: DeskEvents): Desk {
  const expected = new Set<string>()
  const held = new Map<string, Socket>()
  /** Connections whose token came before the daemon's word of it. */
  const early = new Map<string, Socket>()

  function admit(token: string, socket: Socket): void {
    expected.delete(token)
    held.set(token, socket)
    socket.once('close', () => held.delete(token))
    onHolder(token, socket)
  }

  return {
    expect(token) {
      expected.add(token)
      const socket = early.get(token)
      if (socket && early.delete(token)) admit(token, socket)
    },
    reclaim(token) {
      if (expected.delete(token)) onNeverCame(token)
      else held.get(token)?.destroy()
    },
    greet(socket) {
      socket.on('error', () => {})
      const late = setTimeout(() => socket.destroy(), TOKEN_MAX_MS)
      let seen = ''
      const listen = (chunk: Buffer) => {
        seen += chunk.toString('latin1')
        const end = seen.indexOf('\0')
        if (end === -1 && seen.length < TOKEN_MAX_BYTES) return
        socket.off('data', listen)
        // Nothing more is expected; without a reader its end would not be seen.
        socket.resume()
        const token = seen.slice(0, Math.max(0, end))
        if (token === '') return void socket.destroy()
        if (expected.has(token)) {
          clearTimeout(late)
          return admit(token, socket)
        }
        early.set(token, socket)
        socket.once('close', () => early.get(token) === socket && early.delete(token))
      }
      socket.on('data', listen)
      socket.once('close', () => clearTimeout(late))
    },
  }
}
