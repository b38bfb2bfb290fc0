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

interface DeskOptions {
  /** What ends a token: the byte that ends each message of what is spoken after it. */
  tokenEnd?: '\0' | '\n'
  /**
   * A holder has come with its token; the lease ends with this connection. The socket is paused: resume it, or its end is not seen.
   * @param first what it has said after the token
   */
  onHolder(token: string, socket: Socket, first: Buffer): void
  onNeverCame?(token: string): void
}

/** Lets in those who have a token, which is the first that they say. */
export function createDesk({ tokenEnd = '\0', onHolder, onNeverCame }: DeskOptions): Desk {
  const expected = new Set<string>()
  const held = new Map<string, Socket>()
  /** Connections whose token came before the daemon's word of it. */
  const early = new Map<string, () => void>()

  function arrive(token: string, socket: Socket, admit: () => void): void {
    const enter = () => {
      expected.delete(token)
      early.delete(token)
      held.set(token, socket)
      socket.once('close', () => held.delete(token))
      admit()
    }
    if (expected.has(token)) return enter()
    early.set(token, enter)
    socket.once('close', () => early.get(token) === enter && early.delete(token))
  }

  return {
    expect(token) {
      expected.add(token)
      early.get(token)?.()
    },
    reclaim(token) {
      if (expected.delete(token)) onNeverCame?.(token)
      else held.get(token)?.destroy()
    },
    greet(socket) {
      socket.on('error', () => {})
      const late = setTimeout(() => socket.destroy(), TOKEN_MAX_MS)
      socket.once('close', () => clearTimeout(late))
      let seen = Buffer.alloc(0)
      const listen = (chunk: Buffer) => {
        seen = Buffer.concat([seen, chunk])
        const end = seen.indexOf(tokenEnd)
        if (end === -1 && seen.length < TOKEN_MAX_BYTES) return
        socket.off('data', listen)
        if (end < 1) return void socket.destroy()
        socket.pause()
        const token = seen.toString('latin1', 0, end)
        arrive(token, socket, () => {
          clearTimeout(late)
          onHolder(token, socket, seen.subarray(end + 1))
        })
      }
      socket.on('data', listen)
    },
  }
}
