import { EverwarmError } from '../../contracts/errors.ts'
import { isLoopback } from '../../system/loopback.ts'
import type { Caller } from '../service.ts'

/** What of a request is looked at before anything else is. */
export interface RequestHead {
  host: string | undefined
  origin: string | undefined
  authorization: string | undefined
}

export interface Admission {
  /** Names under which it may be called besides those of loopback, e.g. `ci.example.com`; ports do not matter. */
  publicNames: readonly string[]
  /** Origins of pages elsewhere that may call it, e.g. `https://dash.example.com`. */
  origins: readonly string[]
}

/** @see https://www.rfc-editor.org/rfc/rfc6761#section-6.3 */
const UNDER_LOCALHOST = /^[\w-]+(\.[\w-]+)*\.localhost$/
const LONGEST_TOKEN = 4_096

/**
 * A page whose name was made to point at this machine sends that name as `Host`: only names that are ours are served.
 * @throws EverwarmError HOST_REFUSED
 */
export function checkHost(host: string | undefined, { publicNames }: Pick<Admission, 'publicNames'>): void {
  const name = host
    ?.toLowerCase()
    .replace(/:\d{0,5}$/, '')
    .replace(/\.$/, '')
  if (
    name !== undefined &&
    (isLoopback(name) || UNDER_LOCALHOST.test(name) || publicNames.some((known) => known.toLowerCase() === name))
  )
    return
  throw new EverwarmError('HOST_REFUSED', {
    message: name ? `The coordinator does not answer for the host "${name.slice(0, 100)}".` : 'The request names no host.',
    hint: 'Call it by a loopback name, or start the coordinator with this one as a public name.',
  })
}

/**
 * Programs send no `Origin`; a browser sends that of the page. Only pages of this very server are served, and those that were named.
 * @returns the origin that may read the answer although it is not ours
 * @throws EverwarmError ORIGIN_REFUSED
 */
export function checkOrigin(
  { origin, host }: Pick<RequestHead, 'origin' | 'host'>,
  { origins }: Pick<Admission, 'origins'>,
): string | undefined {
  if (origin === undefined) return undefined
  // `Host` was checked before, so it is a name of ours. The scheme may differ behind a proxy that speaks TLS.
  if (/^https?:\/\/(.+)$/.exec(origin.toLowerCase())?.[1] === host?.toLowerCase()) return undefined
  if (origins.includes(origin)) return origin
  throw new EverwarmError('ORIGIN_REFUSED', {
    message: `Pages of "${origin.slice(0, 100)}" may not call this coordinator.`,
    hint: 'Name the origin when the coordinator is started, if it is yours.',
  })
}

/** The token of `Authorization: Bearer …`; it is compared, in constant time, where tokens are kept. @throws EverwarmError TOKEN_MISSING, TOKEN_REFUSED */
export function bearerToken(authorization: string | undefined): string | undefined {
  if (authorization === undefined || authorization === '') return undefined
  const token = /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization.slice(0, LONGEST_TOKEN + 16))?.[1]
  if (token === undefined)
    throw new EverwarmError('TOKEN_MISSING', {
      message: 'The header Authorization has no bearer token.',
      hint: 'Send `Authorization: Bearer TOKEN`.',
    })
  if (token.length <= LONGEST_TOKEN) return token
  throw new EverwarmError('TOKEN_REFUSED', {
    message: 'The token is too long to be one.',
    hint: 'Send it as the coordinator gave it.',
  })
}

/**
 * A worker's credential opens what is its own, and nothing else.
 * @param workerId whose the thing is; undefined: nobody's
 * @throws EverwarmError FORBIDDEN
 */
export function checkCaller(caller: Caller, access: 'worker' | 'everything', workerId: string | undefined): void {
  if (caller.may === 'everything') return
  if (access === 'worker' && (workerId === undefined || workerId === caller.workerId)) return
  throw new EverwarmError('FORBIDDEN', {
    message:
      access === 'worker'
        ? `The credential of worker "${caller.workerId}" does not open what is another's.`
        : `The credential of worker "${caller.workerId}" does not open this.`,
    hint: access === 'worker' ? 'Use the credential of that worker.' : "Use the coordinator's token.",
  })
}
