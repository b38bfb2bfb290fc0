import { EverwarmError } from '../contracts/errors.ts'

/**
 * SQLSTATEs with which the server ends or refuses a connection: connection failures, wrong name or password, no such
 * database, too many connections, shutdown, crash, not up yet, idle for too long.
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const OF_CONNECTIONS = /^(?:08...|28...|3D000|53300|57P0[1-5]|25P03)$/

/** It came from the server as the answer to a statement, and the connection is sound. */
export function isOfStatement(error: unknown): boolean {
  const { code, severity } = (error ?? {}) as { code?: unknown; severity?: unknown }
  return typeof code === 'string' && typeof severity === 'string' && !OF_CONNECTIONS.test(code)
}

/** A serialisation failure or a deadlock: the same again may well succeed. */
export function isWorthRepeating(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown }
  return code === '40001' || code === '40P01'
}

export function unreachable(place: string, cause: unknown): EverwarmError {
  const { message = String(cause), code } = cause as { message?: string; code?: string }
  return new EverwarmError('DATABASE_UNREACHABLE', {
    message: `The database at ${place} cannot be reached: ${message || code}.`,
    hint: 'See whether Postgres runs there and lets this user in; EVERWARM_DATABASE_URL says where it is.',
    cause,
  })
}
