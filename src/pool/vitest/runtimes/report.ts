import { EverwarmError } from '../../../contracts/errors.ts'
import { finishedAnswer } from '../attempt.ts'
import type { RpcCall } from '../messages.ts'

/**
 * What Vitest is told in place of a file's results. Not as an error of the worker: Vitest would hide it as the cause of one that
 * names the pool, and show our own calls.
 */
export function reportInstead(error: EverwarmError): [call: RpcCall, finish: unknown] {
  return [{ t: 'q', m: 'onUnhandledError', a: [toldError(error), 'Unhandled Error'], i: 'instead' }, finishedAnswer()]
}

/** Vitest prints message and stack, and a hint only as a property: the next step becomes part of the text. */
function toldError({ code, message, hint }: EverwarmError): EverwarmError {
  const told = new EverwarmError(code, { message: hint ? `${message} ${hint}` : message })
  // Where in everwarm it was noticed is none of the user's business.
  told.stack = `${told.name}: ${told.message}`
  return told
}
