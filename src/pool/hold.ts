import { connect } from 'node:net'
import { EverwarmError } from '../contracts/errors.ts'
import type { Lease } from '../contracts/protocol.ts'

/** A lease whose host speaks first, in one line of JSON; it lasts as long as its connection. */
export interface Hold<Greeting> {
  greeting: Greeting
  /** Gives it back. */
  close(): void
  /** Resolves when it is over, by `close` or because its host ended. */
  readonly closed: Promise<void>
  /** From now on it does not keep the process alive. */
  unref(): void
}

/**
 * Says the lease's token to its host, and hears what the host says to it.
 * @throws EverwarmError HOST_UNREACHABLE
 */
export function holdLease<Greeting>({ address, token }: Pick<Lease, 'address' | 'token'>): Promise<Hold<Greeting>> {
  return new Promise((resolve, reject) => {
    const socket = connect(address, () => socket.write(`${token}\0`))
    const closed = new Promise<void>((over) => void socket.once('close', () => over()))
    const lost = (cause?: Error) => reject(unreachable(address, cause))
    let seen = ''
    socket.on('error', lost)
    void closed.then(() => lost())
    socket.on('data', function listen(chunk: Buffer) {
      seen += chunk.toString('utf8')
      if (!seen.endsWith('\n')) return
      socket.off('data', listen)
      // Without a reader its end would not be seen.
      socket.resume()
      resolve({
        greeting: JSON.parse(seen) as Greeting,
        closed,
        close: () => socket.destroy(),
        unref: () => void socket.unref(),
      })
    })
  })
}

function unreachable(address: string, cause?: Error): EverwarmError {
  return new EverwarmError('HOST_UNREACHABLE', {
    message: `The host at ${address} ${cause ? 'cannot be reached' : 'ended before it said anything'}.`,
    hint: 'Try again; `everwarm pool status` shows what is there.',
    cause,
  })
}
