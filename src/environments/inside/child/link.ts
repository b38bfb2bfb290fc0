import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import type { DaemonToHost } from '../../../contracts/host-wire.ts'
import { lineCutter } from '../../../system/lines.ts'
import { createDesk } from '../../desk.ts'

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

/** Whoever says the token that the daemon announces holds it. */
export async function socketLink(address: string, { on }: Pick<Channel, 'on'>): Promise<ChildLink> {
  let holder: Socket | undefined
  const link: ChildLink = { send: (line) => void holder?.write(`${line}\n`), onLine: () => {}, onGone: () => {} }
  const desk = createDesk({
    tokenEnd: '\n',
    onHolder(_token, socket, first) {
      holder = socket
      // One holder, ever: nobody else can come any more.
      server.close()
      socket.once('close', () => link.onGone())
      const hear = lineCutter((line) => link.onLine(line))
      socket.on('data', hear)
      socket.resume()
      hear(first)
    },
  })
  const server = createServer(desk.greet).listen(address)
  await once(server, 'listening')
  on('message', (message) => {
    const news = message as DaemonToHost
    if (news.kind === 'expect') desk.expect(news.token)
  })
  return link
}
