import type { WebSocket } from 'ws'
import { intoSession, outOfSession, sessionOf } from '../cdp.ts'
import type { Chromium } from '../chromium-process.ts'
import { type Command, judgeRootCommand, judgeTargetCommand, type Own } from './relay-rules.ts'

/** One client's connection to the leased part of a browser. */
export interface Relay {
  /** Messages of the browser in one of this relay's sessions. */
  receive(message: Buffer, session: string): void
  close(): Promise<void>
}

export interface RelayOptions {
  chromium: Chromium
  socket: WebSocket
  /** What the client takes for the root of its connection: a session to the browser, or to the leased page. */
  root: string
  isPage: boolean
  own: Own & { add(contextId: string): void; remove(contextId: string): void }
  /** Which relay a session belongs to, for the one who cuts the browser's stream. */
  sessions: Map<string, Relay>
}

interface TargetInfo {
  targetId: string
  browserContextId?: string
}

interface Shown {
  method?: string
  params?: { targetInfo?: TargetInfo; targetId?: string; sessionId?: string }
  result?: { targetInfos?: TargetInfo[]; browserContextIds?: string[]; browserContextId?: string }
}

/** A client that does not read so much is gone for good. */
const BUFFERED_MAX_BYTES = 256 * 1024 * 1024
const TARGET_EVENT = Buffer.from('{"method":"Target.')

/**
 * Lets a client speak to the browser as if its lease's contexts were all there is: commands are judged by `relay-rules.ts`,
 * targets and contexts of others are not shown. What belongs to its own pages passes unread on the way back.
 */
export function createRelay({ chromium, socket, root, isPage, own, sessions }: RelayOptions): Relay {
  /** Sessions to the browser as a whole. */
  const roots = new Set(isPage ? [] : [root])
  const mine = new Set([root])
  /** Answers that are looked at before they are shown, by session and id. */
  const awaited = new Map<string, (shown: Shown) => Shown>()
  /** Targets that the client has heard of. */
  const heard = new Set<string>()
  const isOwn = (target?: TargetInfo) => target?.browserContextId !== undefined && own.contexts.has(target.browserContextId)

  const relay: Relay = {
    receive(message, session) {
      const shown = roots.has(session) ? fromRoot(message, session) : fromTarget(message, session)
      if (!shown) return
      socket.send(session === root ? outOfSession(shown, root) : shown, { binary: false })
      if (socket.bufferedAmount > BUFFERED_MAX_BYTES) socket.terminate()
    },
    async close() {
      socket.terminate()
      for (const session of mine) sessions.delete(session)
      // Refused when the session is gone already.
      await chromium.call('Target.detachFromTarget', { sessionId: root }).catch(() => {})
    },
  }

  function adopt(session: string): void {
    mine.add(session)
    sessions.set(session, relay)
  }

  function fromTarget(message: Buffer, session: string): Buffer | null {
    if (!message.subarray(0, TARGET_EVENT.length).equals(TARGET_EVENT)) return message
    const { method, params } = JSON.parse(message.toString('utf8')) as Shown
    if (method === 'Target.attachedToTarget') {
      if (params?.targetInfo && !isOwn(params.targetInfo) && params.targetInfo.browserContextId)
        return turnedAway(params, session)
      adopt(params!.sessionId!)
    } else if (method === 'Target.detachedFromTarget') forget(params?.sessionId)
    return message
  }

  function fromRoot(message: Buffer, session: string): Buffer | null {
    const isEvent = message.subarray(0, TARGET_EVENT.length).equals(TARGET_EVENT)
    if (!isEvent && awaited.size === 0) return message
    const said = JSON.parse(message.toString('utf8')) as Shown & { id?: number; sessionId?: string }
    if (isEvent) return isShown(said, session) ? message : null
    const key = `${session}:${said.id}`
    const look = awaited.get(key)
    if (!look) return message
    awaited.delete(key)
    // The session stays at the very end, where it is looked for.
    const { sessionId, ...rest } = { ...said, ...look(said) }
    return Buffer.from(JSON.stringify({ ...rest, sessionId }))
  }

  function isShown({ method, params }: Shown, session: string): boolean {
    if (method === 'Target.attachedToTarget') {
      // The browser itself has no context.
      const isBrowser = params?.targetInfo?.browserContextId === undefined
      if (!isBrowser && !isOwn(params?.targetInfo)) return turnedAway(params, session) !== null
      if (isBrowser) roots.add(params!.sessionId!)
      adopt(params!.sessionId!)
      return true
    }
    if (method === 'Target.detachedFromTarget') return forget(params?.sessionId)
    if (method === 'Target.targetCreated' || method === 'Target.targetInfoChanged') {
      if (!isOwn(params?.targetInfo)) return false
      heard.add(params!.targetInfo!.targetId)
      return true
    }
    if (params?.targetId === undefined) return true
    return method === 'Target.targetDestroyed' ? heard.delete(params.targetId) : heard.has(params.targetId)
  }

  /** A page of others waits for whoever was attached to it. */
  function turnedAway(params: Shown['params'], session: string): null {
    chromium.call('Target.detachFromTarget', { sessionId: params?.sessionId }, session).catch(() => {})
    return null
  }

  function forget(session = ''): boolean {
    sessions.delete(session)
    roots.delete(session)
    return mine.delete(session)
  }

  function fromClient(data: Buffer): void {
    let command: Command
    try {
      command = JSON.parse(data.toString('utf8')) as Command
    } catch {
      return socket.close(1007, 'not JSON')
    }
    const session = command.sessionId ?? root
    if (!mine.has(session)) return answer(command, { error: { code: -32001, message: 'Session with given id not found.' } })
    const isRoot = roots.has(session)
    const verdict = isRoot ? judgeRootCommand(command, own) : judgeTargetCommand(command, own)
    if (verdict.do === 'refuse') return answer(command, { error: { code: -32000, message: verdict.message } })
    if (verdict.do === 'answer') {
      answer(command, { result: {} })
      return verdict.isLast ? socket.close(1000) : undefined
    }
    if (isRoot) await_(command, session)
    pass(data, command, verdict.params)
  }

  function pass(data: Buffer, command: Command, params: Command['params']): void {
    let message = data
    if (params || (command.sessionId && sessionOf(data) === null)) {
      const { sessionId, ...rest } = command
      message = Buffer.from(JSON.stringify({ ...rest, ...(params ? { params } : {}), ...(sessionId ? { sessionId } : {}) }))
    }
    const isFlowing = chromium.write([command.sessionId === undefined ? intoSession(message, root) : message])
    if (isFlowing) return
    socket.pause()
    chromium.onDrain(() => socket.resume())
  }

  function await_({ id, method, params }: Command, session: string): void {
    const key = `${session}:${id}`
    if (method === 'Target.getTargets')
      awaited.set(key, ({ result }) => (result ? { result: { targetInfos: result.targetInfos?.filter(isOwn) } } : {}))
    else if (method === 'Target.getBrowserContexts')
      awaited.set(key, ({ result }) => (result ? { result: { ...result, browserContextIds: [...own.contexts] } } : {}))
    else if (method === 'Target.createBrowserContext')
      awaited.set(key, ({ result }) => {
        if (result?.browserContextId) own.add(result.browserContextId)
        return {}
      })
    else if (method === 'Target.disposeBrowserContext')
      awaited.set(key, ({ result }) => {
        if (result) own.remove(String(params?.browserContextId))
        return {}
      })
  }

  function answer({ id, sessionId }: Command, what: object): void {
    socket.send(JSON.stringify({ id, ...what, ...(sessionId ? { sessionId } : {}) }))
  }

  adopt(root)
  socket.on('message', (data) => fromClient(data as Buffer))
  socket.on('error', () => {})
  return relay
}
