import { readdirSync, rmSync, statSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { viewSocketPrefix, type ViewPlace } from '../../contracts/view-door.ts'
import type { CdpWay } from './cdp.ts'

/** The way to the browser that a process of this shard opened last. @throws Error: there is none */
export async function doorWay({ folder, shardId }: ViewPlace): Promise<CdpWay & { close(): void }> {
  const doors = readdirSync(folder)
    .filter((name) => name.startsWith(viewSocketPrefix(shardId)))
    .map((name) => ({ path: join(folder, name), madeMs: statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.madeMs - a.madeMs)
  for (const { path } of doors) {
    const socket = await opened(path)
    if (socket) return wayOf(socket)
  }
  throw new Error('no test of it has a browser open that can be shown')
}

/** Nobody is behind the door of a process that was killed: it is taken away. */
function opened(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path, () => resolve(socket))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') rmSync(path, { force: true })
      resolve(undefined)
    })
  })
}

/** Messages ended by a NUL, in UTF-8. */
function wayOf(socket: Socket): CdpWay & { close(): void } {
  let rest: Buffer[] = []
  let onText: (text: string) => void = () => {}
  socket.on('data', (chunk: Buffer) => {
    let from = 0
    for (let at = chunk.indexOf(0); at !== -1; at = chunk.indexOf(0, from)) {
      const message = Buffer.concat([...rest, chunk.subarray(from, at)])
      rest = []
      from = at + 1
      onText(message.toString('utf8'))
    }
    if (from < chunk.length) rest.push(chunk.subarray(from))
  })
  return {
    send: (text) => void socket.write(`${text}\0`),
    onText: (listener) => void (onText = listener),
    onClose: (listener) => void socket.once('close', listener),
    close: () => socket.destroy(),
  }
}
