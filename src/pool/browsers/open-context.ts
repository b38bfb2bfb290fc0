import { connect } from 'node:net'
import { EverwarmError, errorFromData } from '../../contracts/errors.ts'
import type { Lease } from '../../contracts/protocol.ts'
import type { Addresses, Greeting } from '../../environments/browsers/lending/engine.ts'

/** The leased context, as long as its connection stands. */
export interface OpenContext {
  addresses: Addresses
  /** Gives it back; its addresses lead nowhere from then on. */
  close(): void
  /** Resolves when it is over, by `close` or because its browser or host ended. */
  readonly closed: Promise<void>
  /** From now on it does not keep the process alive. */
  unref(): void
}

/**
 * Says the lease's token to its host, and hears where the context is.
 * @throws EverwarmError HOST_UNREACHABLE, or what the host says stood in the way
 */
export function openContext({ address, token }: Pick<Lease, 'address' | 'token'>): Promise<OpenContext> {
  return new Promise((resolve, reject) => {
    const socket = connect(address)
    const closed = new Promise<void>((over) => void socket.once('close', () => over()))
    const lost = (cause?: Error) =>
      reject(
        new EverwarmError('HOST_UNREACHABLE', {
          message: `The browser’s host at ${address} ${cause ? 'cannot be reached' : 'ended before it had a context'}.`,
          hint: 'Try again; `everwarm pool status` shows what is there.',
          cause,
        }),
      )
    let seen = ''
    socket.once('error', lost)
    void closed.then(() => lost())
    socket.once('connect', () => socket.write(`${token}\0`))
    socket.on('data', function listen(chunk: Buffer) {
      seen += chunk.toString('utf8')
      if (!seen.endsWith('\n')) return
      socket.off('data', listen)
      socket.resume()
      const greeting = JSON.parse(seen) as Greeting
      if ('error' in greeting) return reject(errorFromData(greeting.error))
      socket.on('error', () => {})
      resolve({ addresses: greeting.addresses, closed, close: () => socket.destroy(), unref: () => socket.unref() })
    })
  })
}
