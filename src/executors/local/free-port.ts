import { createServer } from 'node:net'

export const LOOPBACK = '127.0.0.1'

/**
 * A port of loopback on which nobody listens, and that is in `taken` from now on. Until it is used another program may take it:
 * the system can keep a port for nobody.
 */
export async function freePort(taken: Set<number>): Promise<number> {
  for (;;) {
    const port = await unusedPort()
    if (taken.has(port)) continue
    taken.add(port)
    return port
  }
}

function unusedPort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const server = createServer()
  server.once('error', reject)
  server.listen(0, LOOPBACK, () => {
    const { port } = server.address() as { port: number }
    server.close(() => resolve(port))
  })
  return promise
}
