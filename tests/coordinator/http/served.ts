import { request as nodeRequest } from 'node:http'
import { connect } from 'node:net'
import type { CoordinatorOptions, LinkedCoordinator } from '../../../src/coordinator/coordinator.ts'
import { type App, type AppOptions, createApp } from '../../../src/coordinator/http/app.ts'
import { type HttpServer, type ServeOptions, serve } from '../../../src/coordinator/http/server.ts'
import { type House, house } from '../house.ts'

export const ADMIN = 'admin'

/** A coordinator on a real database, served over real sockets. */
export interface Served {
  house: House
  coordinator: LinkedCoordinator
  app: App
  server: HttpServer
  /** Causes of answers 500. */
  faults: unknown[]
  /** Serves the same database anew, at the same port. */
  restart(): Promise<Served>
  close(): Promise<void>
}

export interface ServedOptions {
  app?: Partial<AppOptions>
  serve?: Partial<ServeOptions>
  coordinator?: Partial<CoordinatorOptions>
}

export async function served(options: ServedOptions = {}, there?: House): Promise<Served> {
  const rooms = there ?? (await house())
  const coordinator = await rooms.open({ adminToken: ADMIN, ...options.coordinator })
  const faults: unknown[] = []
  const app = await createApp(coordinator, { version: '1.2.3', onFault: (error) => faults.push(error), ...options.app })
  const server = await serve({ app, port: 0, ...options.serve })
  return {
    house: rooms,
    coordinator,
    app,
    server,
    faults,
    async restart() {
      await server.close(0)
      await coordinator.close()
      return served({ ...options, serve: { ...options.serve, port: server.port } }, rooms)
    },
    async close() {
      await server.close(0)
      if (!there) await rooms.close()
    },
  }
}

export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
  // oxlint-disable-next-line typescript/no-explicit-any: tests look at what they expect
  json: any
}

export interface Sent {
  method?: string
  token?: string | null
  headers?: Record<string, string>
  body?: unknown
  /** As it is, instead of `body`. */
  raw?: string | Uint8Array
}

/** A request with any header, `Host` and `Origin` too, which `fetch` does not send. */
export function send(
  { port }: HttpServer,
  path: string,
  { method, token = ADMIN, headers = {}, body, raw }: Sent = {},
): Promise<Answer> {
  const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body))
  return new Promise((resolve, reject) => {
    const request = nodeRequest(
      {
        host: '127.0.0.1',
        port,
        path,
        method: method ?? (payload === undefined ? 'GET' : 'POST'),
        agent: false,
        headers: {
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          ...(payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
          ...headers,
        },
      },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => (text += chunk))
        response.on('error', reject)
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text, json: parsed(text) }))
      },
    )
    request.on('error', reject)
    request.end(payload)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // A page is no JSON.
    return undefined
  }
}

/** What a server says to these bytes until it closes, or until `silentMs` after its last word. */
export function sendBytes({ port }: HttpServer, bytes: string | Uint8Array, silentMs = 300): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let said = ''
    socket.setTimeout(silentMs)
    const end = () => {
      socket.destroy()
      resolve(said)
    }
    socket.on('data', (chunk) => (said += chunk.toString('latin1')))
    socket.on('timeout', end).on('close', end).on('error', end)
    socket.write(bytes)
  })
}
