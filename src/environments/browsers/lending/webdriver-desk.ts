import type { IncomingMessage, ServerResponse } from 'node:http'
import { errorFromData } from '../../../contracts/errors.ts'
import type { Taint } from '../../../contracts/host-wire.ts'
import { serveCode } from './code-places.ts'
import type { Lent } from './listener.ts'
import { type Capabilities, type Reply, type Requested, type Session, wireError } from './webdriver.ts'

interface DeskOptions {
  /** Started in advance: the first that asks for a session gets it, if it is what was asked for. */
  first: Session
  end(session: Session): Promise<Taint[]>
  fits(asked: Capabilities, session: Session): boolean
  /** A session as they are all started, or one with these wishes. */
  start(asked?: Capabilities): Promise<Session>
}

/** So many sessions of one lease at once: each is a browser. */
const SESSIONS_MAX = 8
const BODY_MAX_BYTES = 64 * 1024 * 1024

/** What a client takes for a driver of its own: WebDriver's commands for the sessions of one lease. */
export function webdriverDesk({ first, end, fits, start }: DeskOptions): { lent: Lent; close(): Promise<Taint[]> } {
  const sessions = new Map([[first.id, first]])
  const ending = new Set<Promise<Taint[]>>()
  const taints: Taint[] = []
  let isOver = false
  let unasked: Session | undefined = first

  async function answer(method: string, path: string, body: Buffer): Promise<Reply> {
    if (path === 'status') return ok({ ready: true, message: 'leased by everwarm' })
    const [root, id = '', ...rest] = path.split('/')
    if (root !== 'session') return refusal(404, 'unknown command', `${method} /${path}`)
    if (id === '') return method === 'POST' ? create(body) : refusal(405, 'unknown method', `${method} /session`)
    const session = sessions.get(id)
    if (!session) return refusal(404, 'invalid session id', `There is no session ${id} in this lease.`)
    if (session === unasked) unasked = undefined
    if (method !== 'DELETE' || rest.length > 0) return session.command(method, rest.join('/'), body)
    await finish(session)
    return ok(null)
  }

  async function create(body: Buffer): Promise<Reply> {
    const { capabilities } = JSON.parse(body.toString('utf8')) as { capabilities?: Requested }
    const { alwaysMatch = {}, firstMatch = [{}] } = capabilities ?? {}
    const wishes = firstMatch.map((one) => ({ ...alwaysMatch, ...one }))
    const kept = unasked
    if (kept && wishes.some((asked) => fits(asked, kept))) {
      unasked = undefined
      return ok({ sessionId: kept.id, capabilities: kept.capabilities })
    }
    if (sessions.size >= SESSIONS_MAX) return refusal(500, 'session not created', `A lease has at most ${SESSIONS_MAX} sessions.`)
    const session = await open(wishes)
    sessions.set(session.id, session)
    if (isOver) await finish(session)
    return ok({ sessionId: session.id, capabilities: session.capabilities })
  }

  /** The first of the wishes that can be met, in the order in which they stand. */
  async function open(wishes: Capabilities[]): Promise<Session> {
    const isPlain = wishes.some((asked) => fits(asked, first))
    if (isPlain) return start()
    let failure: unknown
    for (const asked of wishes) {
      try {
        return await start(asked)
      } catch (error) {
        failure = error
      }
    }
    throw failure
  }

  async function finish(session: Session): Promise<void> {
    sessions.delete(session.id)
    const done = end(session)
    ending.add(done)
    taints.push(...(await done))
    ending.delete(done)
  }

  return {
    lent: {
      request(request, response, rest) {
        if (serveCode(rest, response)) return
        void handle(request, response, (body) => answer(request.method ?? '', rest.replace(/^\//, '').split('?')[0]!, body))
      },
    },
    async close() {
      isOver = true
      await Promise.all([...sessions.values()].map(finish))
      await Promise.all(ending)
      return taints
    },
  }
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  answer: (body: Buffer) => Promise<Reply>,
): Promise<void> {
  const reply = await bodyOf(request)
    .then(answer)
    .catch((error: unknown) => failure(error))
  const body = Buffer.from(reply.body)
  response.writeHead(reply.status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-cache',
    'content-length': body.length,
  })
  response.end(body)
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length
    if (size > BODY_MAX_BYTES) throw new SyntaxError(`more than ${BODY_MAX_BYTES} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts)
}

const ok = (value: unknown): Reply => ({ status: 200, body: JSON.stringify({ value }) })
const refusal = (status: number, error: string, message: string): Reply => ({ status, body: wireError(error, message) })

function failure(error: unknown): Reply {
  if (error instanceof SyntaxError) return refusal(400, 'invalid argument', error.message)
  const { code, message } = errorFromData(error)
  return refusal(500, code === 'DRIVER_FAILED' ? 'session not created' : 'unknown error', message)
}
