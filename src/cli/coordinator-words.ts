import { EverwarmError } from '../contracts/errors.ts'
import { badInput } from './command.ts'

const SEE = 'everwarm coordinator --help'
/** Shorter ones can be guessed. */
const SHORTEST_TOKEN = 16

/** As a page's browser writes it. @throws EverwarmError BAD_INPUT */
export function originOf(given: string): string {
  const url = URL.parse(given)
  if (url && /^https?:$/.test(url.protocol) && given.replace(/\/$/, '').toLowerCase() === url.origin) return url.origin
  throw badInput(`--origin is like https://dash.example.com, not "${given}".`, SEE)
}

/** @throws EverwarmError BAD_INPUT */
export function publicNameOf(given: string): string {
  if (/^(?:[\w.-]+|\[[0-9a-f:.]+\])$/i.test(given)) return given
  throw badInput(`--public-name is a name alone, like tests.example.com, without scheme and port, not "${given}".`, SEE)
}

/** @param name where it was given. @throws EverwarmError BAD_INPUT */
export function adminToken(given: string | undefined, name: string): string | undefined {
  if (given === undefined || given.length >= SHORTEST_TOKEN) return given
  throw new EverwarmError('BAD_INPUT', {
    message: `The token of ${name} has ${given.length} characters; it needs at least ${SHORTEST_TOKEN}.`,
    hint: 'Leave it out, and one is made; or make one: `openssl rand -hex 32`.',
  })
}

/** A folder that was named and cannot be used is a word that is wrong, not this user's home. */
export function aboutFolder(error: unknown, given: string | undefined): unknown {
  if (given === undefined || !(error instanceof EverwarmError) || error.code !== 'ADDRESS_UNSAFE') return error
  return new EverwarmError('BAD_INPUT', {
    message: error.message,
    hint: 'Give --folder a folder of your own for the coordinator alone; it is made if it is not there.',
    cause: error,
  })
}
