import type { Socket } from 'node:net'
import type { RequestId, RuntimeRequest } from '../../../contracts/runtime-wire.ts'
import { type Context, type Contexts, faultLine } from './context.ts'

/** A holder that prints and does not read must not fill the memory of its host. */
const UNREAD_MAX_BYTES = 64 * 1024 * 1024

/** Serves one holder: its lines are requests to a context of its own, which ends with the connection. */
export function serveLease(contexts: Contexts, socket: Socket, onOver: () => void): (line: string) => void {
  const waiting = new Set<RequestId>()
  const context: Context = contexts.take({
    line(line) {
      if (waiting.size > 0) settle(line)
      say(line)
    },
    ended(why) {
      for (const id of waiting) say(faultLine(id, 'ContextEnded', `The context ended before it answered: ${why}.`))
      socket.destroySoon()
    },
  })
  socket.once('close', () => {
    context.kill()
    onOver()
  })

  function say(line: string): void {
    if (socket.writableLength > UNREAD_MAX_BYTES) socket.destroy()
    else if (!socket.destroyed) socket.write(`${line}\n`)
  }

  /** A reply begins with its id: `evaluate.ts` and `faultLine` write it first. */
  function settle(line: string): void {
    if (!line.startsWith('{"id":')) return
    for (const id of waiting) if (line.startsWith(`{"id":${JSON.stringify(id)},`)) return void waiting.delete(id)
  }

  return (line) => {
    const request = requestIn(line)
    if (typeof request === 'string') return say(faultLine(null, 'BadRequest', request))
    waiting.add(request.id)
    context.ask(request)
  }
}

const FORMATS: readonly unknown[] = [undefined, 'script', 'module', 'commonjs']

/** The request, or what is wrong with it. */
function requestIn(line: string): RuntimeRequest | string {
  let given: Record<string, unknown>
  try {
    given = JSON.parse(line) as Record<string, unknown>
  } catch {
    return 'A request is one JSON object on a line of its own.'
  }
  const { id, code, import: path, env, format, name } = given ?? {}
  if (typeof id !== 'string' && typeof id !== 'number') return 'A request needs an id, a string or a number.'
  if (!FORMATS.includes(format)) return `format is script, module or commonjs, not ${JSON.stringify(format)}.`
  if (name !== undefined && typeof name !== 'string') return 'name is a string.'
  if (typeof code === 'string' || typeof path === 'string' || isTexts(env)) return given as unknown as RuntimeRequest
  return 'A request has code or import, a string, or env, an object of strings.'
}

const isTexts = (value: unknown) =>
  typeof value === 'object' && value !== null && Object.values(value).every((text) => typeof text === 'string')
