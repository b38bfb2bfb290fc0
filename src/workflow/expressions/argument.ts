import { EverwarmError } from '../../contracts/errors.ts'
import { valueFrom, type Value } from './values.ts'

/**
 * A document for a command's argument. Base64 holds no braces: what stands inside passes a stage untouched, however often it is
 * wrapped, and the names inside are resolved by whoever unwraps it.
 */
export function encodeArgument(document: unknown): string {
  return Buffer.from(JSON.stringify(document) ?? 'null', 'utf8').toString('base64')
}

/** @throws EverwarmError BAD_INPUT for what encodeArgument() does not write */
export function decodeArgument(argument: string): Value {
  try {
    // Buffer.from leaves out what is no base64.
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(argument) || argument.length % 4 !== 0) throw new TypeError('no base64')
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(argument, 'base64'))
    return valueFrom(JSON.parse(text))
  } catch (cause) {
    throw new EverwarmError('BAD_INPUT', {
      message: 'The argument is no base64 of JSON.',
      hint: 'Pass it as it was made, without line breaks; or leave --base64 away.',
      cause,
    })
  }
}
