import type { Socket } from 'node:net'
import type { Taint } from '../../contracts/host-wire.ts'
import { intoSession, messageCutter, outOfSession, sessionOf } from './cdp.ts'
import type { Chromium } from './chromium-process.ts'
import { taintOf } from './commands.ts'
import { type Scratch, withoutScratch } from './scratch.ts'

interface Command {
  id?: number
  method?: string
  params?: { browserContextId?: unknown }
  result?: { sessionId?: string }
}

export interface LeaseOptions {
  chromium: Chromium
  /** Attached to the whole browser, for this lease only. */
  session: string
  socket: Socket
  /** What came on the socket already. */
  first: Buffer
  scratch: Scratch | null
}

/**
 * Lets the holder of a lease speak to Chromium as if it had started it: what it says at the root of its pipe goes into
 * `session`, a root of its own, and what comes from there goes to its root. All other messages pass as they are.
 * The host's own page is not shown. Resolves when the holder has closed the browser or is gone, with what it did to the browser as a whole.
 */
export function serveLease({ chromium, session, socket, first, scratch }: LeaseOptions): Promise<Taint[]> {
  const taints = new Map<string, Taint>()
  /** Sessions that reach the whole browser: commands in them are looked at. */
  const roots = new Set([session])
  const attaching = new Set<number>()
  const cut = messageCutter()
  const { promise, resolve } = Promise.withResolvers<Taint[]>()

  function end(): void {
    chromium.onMessages = null
    chromium.resume()
    resolve([...taints.values()])
  }

  /** False: the holder closes its browser. */
  function inspect(message: Buffer): boolean {
    const command = JSON.parse(message.toString('utf8')) as Command
    if (command.method === 'Browser.close') return false
    if (command.method === 'Target.attachToBrowserTarget') {
      if (command.id !== undefined) attaching.add(command.id)
      return true
    }
    const taint = taintOf(command)
    if (taint) taints.set(taint.detail, taint)
    return true
  }

  function fromHolder(chunk: Buffer): void {
    const out: Buffer[] = []
    let isClosing = false
    for (const message of cut(chunk)) {
      const to = sessionOf(message)
      if ((to === null || roots.has(to)) && !inspect(message)) {
        isClosing = true
        break
      }
      out.push(to === null ? intoSession(message, session) : message)
    }
    if (out.length > 0 && !chromium.write(out)) {
      socket.pause()
      chromium.onDrain(() => socket.resume())
    }
    if (isClosing) end()
  }

  /** A session to the whole browser that the holder asked for is a root, too. */
  function noteRoot(message: Buffer): void {
    if (attaching.size === 0) return
    const { id, result } = JSON.parse(message.toString('utf8')) as Command
    if (id === undefined || !attaching.delete(id)) return
    if (result?.sessionId) roots.add(result.sessionId)
  }

  function fromRoot(message: Buffer, root: string): Buffer | null {
    noteRoot(message)
    // Refused when the root itself is gone by then.
    return withoutScratch(message, scratch, (attached) => {
      chromium.call('Target.detachFromTarget', { sessionId: attached }, root).catch(() => {})
    })
  }

  chromium.onMessages = (batch) => {
    const out: Buffer[] = []
    for (const { message, session: from } of batch) {
      const shown = from !== null && roots.has(from) ? fromRoot(message, from) : message
      if (shown) out.push(from === session ? outOfSession(shown, session) : shown, NUL)
    }
    if (out.length > 0 && !socket.write(Buffer.concat(out))) {
      chromium.pause()
      socket.once('drain', () => chromium.resume())
    }
  }
  socket.on('data', fromHolder)
  socket.once('close', end)
  if (first.length > 0) fromHolder(first)
  return promise
}

const NUL = Buffer.from([0])
