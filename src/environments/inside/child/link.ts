import { createServer, type Socket } from 'node:net'
import type { DaemonToHost } from '../../../contracts/host-wire.ts'
import { lineCutter } from '../../../system/lines.ts'

/** The way to whoever holds this process. */
export interface ChildLink {
  send(line: string): void
  onLine: (line: string) => void
  /** The holder is gone, and with it the reason to be. */
  onGone: () => void
}

interface Channel {
  on(event: 'message', listener: (message: unknown) => void): unknown
  send(message: unknown): unknown
}

/** The process that spawned this one holds it. Its end is heard by `disconnect`. */
export function channelLink({ on, send }: Channel): ChildLink {
  const link: ChildLink = { send: (line) => void send({ line }), onLine: () => {}, onGone: () => {} }
  on('message', (message) => {
    const { line } = message as { line?: unknown }
    if (typeof line === 'string') link.onLine(line)
  })
  return link
}

/** Whoever says the token that the daemon has announced holds it; all others are hung up on. */
export function socketLink(address: string, { on }: Pick<Channel, 'on'>): Promise<ChildLink> {
  let holder: Socket | undefined
  let expected: string | undefined
  /** Said before the daemon's word of it came. */
  const early = new Map<string, () => void>()
  const link: ChildLink = { send: (line) => void holder?.write(`${line}\n`), onLine: () => {}, onGone: () => {} }

  on('message', (message) => {
    const news = message as DaemonToHost
    if (news.kind !== 'expect') return
    expected = news.token
    early.get(news.token)?.()
  })

  const server = createServer((socket) => {
    socket.setNoDelay(true)
    socket.on('error', () => {})
    let said: string | undefined
    const waiting: string[] = []
    const isHolder = () => holder === socket
    const accept = () => {
      if (holder || socket.destroyed) return
      holder = socket
      // One holder, ever: nobody else can come any more.
      server.close()
      for (const line of waiting.splice(0)) link.onLine(line)
    }
    socket.on(
      'data',
      lineCutter((line) => {
        if (isHolder()) return link.onLine(line)
        if (said !== undefined) return void waiting.push(line)
        said = line
        if (line === expected) accept()
        else early.set(line, accept)
      }),
    )
    socket.once('close', () => {
      if (said !== undefined) early.delete(said)
      if (isHolder()) link.onGone()
    })
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(address, () => resolve(link))
  })
}
