import { createServer, connect, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'

/** An address that stays while what stands behind it comes and goes, and whose connections can be made to fail. */
export interface Balancer {
  port: number
  /** Connections that are open. */
  readonly size: number
  /** Both ends see an end, or a reset. */
  cut(): void
  /** Nothing passes any more, and nobody is told; what is open now stays so until an end closes it by itself. */
  freeze(): void
  close(): Promise<void>
}

interface Pair {
  cut(): void
  freeze(): void
}

/** @param targets ports of those that are up; each connection goes to one by chance */
export async function balancer(targets: () => readonly number[], uniform: () => number): Promise<Balancer> {
  const pairs = new Set<Pair>()
  const server: Server = createServer({ allowHalfOpen: true }, (near) => {
    near.on('error', () => {})
    const up = targets()
    const port = up[Math.floor(uniform() * up.length)]
    if (port === undefined) return void near.resetAndDestroy()
    const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    far.on('error', () => near.destroy())
    far.once('connect', () => join(near, far, pairs))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    get size() {
      return pairs.size
    },
    cut() {
      for (const pair of pairs) pair.cut()
    },
    freeze() {
      for (const pair of pairs) pair.freeze()
    },
    close() {
      for (const pair of pairs) pair.cut()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

function join(near: Socket, far: Socket, pairs: Set<Pair>): void {
  let isFrozen = false
  const ends: [Socket, Socket][] = [
    [near, far],
    [far, near],
  ]
  const pair: Pair = {
    cut() {
      near.resetAndDestroy()
      far.resetAndDestroy()
    },
    freeze() {
      isFrozen = true
      // A socket that nobody reads does not see its end: it is read, and what comes is dropped.
      for (const [from, to] of ends) from.unpipe(to).resume()
    },
  }
  pairs.add(pair)
  for (const [from, to] of ends) {
    from.setNoDelay(true)
    from.pipe(to)
    from.on('end', () => isFrozen && from.destroy())
    from.on('error', () => {})
    from.once('close', () => {
      if (!isFrozen) to.destroy()
      if (near.destroyed && far.destroyed) pairs.delete(pair)
    })
  }
}
