import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { PassThrough, type Readable, type Writable } from 'node:stream'
import { FIRST_VIEW_ID, viewSocketPrefix, type ViewPlace } from '../../contracts/view-door.ts'
import { messageCutter, sessionOf } from '../../environments/browsers/cdp.ts'

/** A DevTools pipe: what is written to the browser, and what comes from it. */
export interface DevToolsPipe {
  input: Writable
  output: Readable
}

let opened = 0

/**
 * Opens a door in `folder` through which a worker can look at a browser of this process, beside who drives it: commands
 * with ids from FIRST_VIEW_ID on, and the sessions that they open. None of it reaches the driver, and without a looker
 * bytes pass as they come. One looks at a time: who comes later takes the place of the one before.
 * @returns what the driver is to read
 */
export function viewDoor({ input, output }: DevToolsPipe, { folder, shardId }: ViewPlace): Readable {
  const driver = new PassThrough()
  let looker: Looker | undefined
  /** The last chunk ended with a message: only there a looker may come or go. */
  let isWhole = true
  const name = `${viewSocketPrefix(shardId)}${process.pid}-${++opened}`
  const path = join(folder, name)
  // It has its name when it is open: before, who knocks would take it for the door of a dead process.
  const draft = join(folder, `.${name}`)
  output.on('data', (chunk: Buffer) => {
    const passed = looker ? looker.sift(chunk) : chunk
    isWhole = chunk.at(-1) === 0
    if (looker?.isGone && isWhole) looker = undefined
    if (passed.length === 0 || driver.write(passed)) return
    output.pause()
    driver.once('drain', () => output.resume())
  })
  const server = createServer((socket) => {
    const begin = () => {
      if (looker?.isGone && isWhole) looker = undefined
      if (!looker && isWhole) return void (looker = lookThrough(input, socket))
      // The one before may have gone without its end having come here: this one takes its place, when it is detached.
      looker?.end()
      output.once('data', begin)
    }
    begin()
  })
  // Looking is never worth a failed test.
  server.on('error', () => {})
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  server
    .listen(draft, () => {
      try {
        renameSync(draft, path)
      } catch {
        // The folder is gone, and with it who would look.
        server.close()
      }
    })
    .unref()
  output.once('close', () => {
    driver.end()
    server.close()
    looker?.end()
    rmSync(path, { force: true })
  })
  return driver
}

interface Looker {
  /** What of these bytes is the driver's. */
  sift(chunk: Buffer): Buffer
  /** It has left, and all that it had is detached. */
  readonly isGone: boolean
  end(): void
}

const NUL = Buffer.from([0])
/** Of what is said for a looker that has left. */
const LAST_IDS = 2 ** 31 - 1_000

function lookThrough(input: Writable, socket: Socket): Looker {
  const sessions = new Set<string>()
  const roots: string[] = []
  const detaching = new Set<number>()
  const cut = messageCutter()
  const cutLooker = messageCutter()
  let hasLeft = false
  socket.unref()
  socket.on('error', () => {})
  // Whole messages only: the driver writes to the same pipe.
  socket.on('data', (chunk: Buffer) => {
    for (const message of cutLooker(chunk)) input.write(Buffer.concat([message, NUL]))
  })
  socket.once('close', () => {
    hasLeft = true
    for (const sessionId of roots) {
      const id = LAST_IDS + detaching.size
      detaching.add(id)
      input.write(`${JSON.stringify({ id, method: 'Target.detachFromTarget', params: { sessionId } })}\0`)
    }
  })

  function isLookers(message: Buffer): boolean {
    const session = sessionOf(message)
    const start = message.toString('latin1', 0, 64)
    if (session !== null && sessions.has(session)) return note(message, start, false)
    if (session !== null) return false
    const id = /^\{"id":(\d+)/.exec(start)?.[1]
    if (id !== undefined) {
      detaching.delete(Number(id))
      return Number(id) >= FIRST_VIEW_ID && note(message, start, true)
    }
    return /^\{"method":"Target\.(attached|detached)/.test(start) && isOwnRoot(message)
  }

  /** Sessions that the looker has opened are its own. */
  function note(message: Buffer, start: string, isRoot: boolean): true {
    if (!/^\{"id":\d+,"result":\{"sessionId"|^\{"method":"Target\.attachedToTarget"/.test(start)) return true
    const { result, params } = JSON.parse(message.toString('utf8')) as {
      result?: { sessionId: string }
      params?: { sessionId: string }
    }
    const sessionId = (result ?? params)!.sessionId
    sessions.add(sessionId)
    if (isRoot) roots.push(sessionId)
    return true
  }

  /** A session to the whole browser is told of at the root: the driver has not asked for it. */
  function isOwnRoot(message: Buffer): boolean {
    const { params } = JSON.parse(message.toString('utf8')) as { params: { sessionId: string; targetInfo?: { type: string } } }
    if (params.targetInfo?.type !== 'browser') return sessions.has(params.sessionId)
    sessions.add(params.sessionId)
    return true
  }

  return {
    sift(chunk) {
      const own: Buffer[] = []
      for (const message of cut(chunk)) {
        if (!isLookers(message)) own.push(message, NUL)
        else if (!hasLeft) socket.write(Buffer.concat([message, NUL]))
      }
      return Buffer.concat(own)
    },
    get isGone() {
      return hasLeft && detaching.size === 0
    },
    end: () => socket.destroy(),
  }
}
