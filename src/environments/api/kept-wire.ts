/** Between a client of an API and the host that keeps its connections: HTTP over a unix socket, the whole address as path. */
export const LEASE_HEADER = 'x-everwarm-lease'
export const REUSED_HEADER = 'x-everwarm-reused'
/** The code of an error of the connection: there is no answer of the server. */
export const ERROR_HEADER = 'x-everwarm-error'
export const ERROR_STATUS = 502
/** The code where the lease is over, and nothing was sent on. */
export const NO_LEASE = 'NO_LEASE'

/** What the holder of a lease hears on its connection, as one line of JSON. */
export interface KeptGreeting {
  /** The socket that takes requests. */
  socketPath: string
}
