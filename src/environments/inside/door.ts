import { createServer, type Socket } from 'node:net'
import { lineCutter } from '../../system/lines.ts'

/** Who connects and does not say its token within this time is nobody. */
const TOKEN_MAX_MS = 5_000
const TOKEN_MAX_CHARS = 200

/** A socket whose first line must be a token that was announced; each opens it once. */
export interface Door {
  expect(token: string): void
  /** False: it has been used, or was never announced. */
  forget(token: string): boolean
  /** Nobody else comes in; who is in stays. */
  close(): void
}

/** @param enter returns what hears the lines after the token */
export function openDoor(address: string, enter: (token: string, socket: Socket) => (line: string) => void): Promise<Door> {
  const expected = new Set<string>()
  /** Said before the announcement came: that takes another way. */
  const early = new Map<string, () => void>()

  const server = createServer((socket) => {
    socket.setNoDelay(true)
    socket.on('error', () => {})
    const late = setTimeout(() => socket.destroy(), TOKEN_MAX_MS)
    let said: string | undefined
    let hear: ((line: string) => void) | undefined
    const waiting: string[] = []
    const accept = () => {
      if (said === undefined || socket.destroyed || !expected.delete(said)) return
      clearTimeout(late)
      early.delete(said)
      hear = enter(said, socket)
      for (const line of waiting.splice(0)) hear(line)
    }
    const cut = lineCutter((line) => {
      if (hear) return hear(line)
      if (said !== undefined) return void waiting.push(line)
      said = line
      early.set(said, accept)
      accept()
    })
    let seenChars = 0
    socket.on('data', (chunk: Buffer) => {
      seenChars += chunk.length
      if (said === undefined && seenChars > TOKEN_MAX_CHARS && !chunk.includes(10)) return void socket.destroy()
      cut(chunk)
    })
    socket.once('close', () => {
      clearTimeout(late)
      if (said !== undefined && !hear) early.delete(said)
    })
  })

  const door: Door = {
    expect(token) {
      expected.add(token)
      early.get(token)?.()
    },
    forget: (token) => expected.delete(token),
    close: () => void server.close(),
  }
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(address, () => resolve(door))
  })
}
