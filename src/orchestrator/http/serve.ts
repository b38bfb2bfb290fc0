import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { EverwarmError } from '../../contracts/errors.ts'
import { errorAnswer } from '../../system/http/status.ts'
import { isLoopback } from '../../system/loopback.ts'

export interface Serving {
  /** `http://127.0.0.1:4000` */
  origin: string
  /** Ends connections, too. */
  close(): Promise<void>
}

/**
 * Serves a handler on a port; `port` 0: whichever is free.
 * @throws EverwarmError BAD_INPUT for a host that others can reach without a token; ADDRESS_IN_USE; PACKAGE_MISSING
 */
export async function serveHandler(
  handler: (request: Request) => Promise<Response>,
  { host, port, hasToken, tokenVariable }: { host: string; port: number; hasToken: boolean; tokenVariable: string },
): Promise<Serving> {
  const isOwn = isLoopback(host)
  if (!isOwn && !hasToken)
    throw new EverwarmError('BAD_INPUT', {
      message: `Without a token nothing is served on ${host}: others can reach it.`,
      hint: `Set ${tokenVariable}, or take --host 127.0.0.1.`,
    })
  const { getRequestListener } = await library()
  const server = createServer(getRequestListener((request) => guard(request, isOwn) ?? handler(request)) as Listener)
  // A runner may take longer than any default; its own time-out ends it.
  server.requestTimeout = 0
  await listening(server, host, port)
  return {
    origin: `http://${host.includes(':') ? `[${host.replace(/[[\]]/g, '')}]` : host}:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

type Listener = (incoming: IncomingMessage, outgoing: ServerResponse) => void

/** A page of a browser must not reach what stands on loopback, by its own name or by one that leads there. */
function guard(request: Request, isOwn: boolean): Response | undefined {
  const { hostname, host } = new URL(request.url)
  if (isOwn && !isLoopback(hostname))
    return errorAnswer(
      new EverwarmError('HOST_REFUSED', { message: `"${hostname}" is not served here.`, hint: 'Ask by 127.0.0.1 or localhost.' }),
    )
  const origin = request.headers.get('origin')
  if (origin === null || URL.parse(origin)?.host === host) return undefined
  return errorAnswer(
    new EverwarmError('ORIGIN_REFUSED', {
      message: `Pages of ${origin.slice(0, 200)} may not ask here.`,
      hint: 'Ask from a program, or from a page of this server.',
    }),
  )
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new EverwarmError(cause.code === 'EADDRINUSE' ? 'ADDRESS_IN_USE' : 'BAD_INPUT', {
          message: `Port ${port} of ${host} cannot be used (${cause.code}).`,
          hint: 'Choose another --port, or 0 for any that is free.',
          cause,
        }),
      ),
    )
    server.listen(port, host.replace(/[[\]]/g, ''), resolve)
  })
}

function library(): Promise<typeof import('@hono/node-server')> {
  return import('@hono/node-server').catch((cause: unknown) => {
    throw new EverwarmError('PACKAGE_MISSING', {
      message: 'The package @hono/node-server cannot be loaded, by which handlers are served.',
      hint: 'Install it: `npm install @hono/node-server hono`.',
      cause,
    })
  })
}
