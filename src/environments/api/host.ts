// The program of a host that keeps connections to servers: started by the daemon, never by hand.
import * as http from 'node:http'
import * as https from 'node:https'
import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { DaemonToHost } from '../../contracts/host-wire.ts'
import { createDesk } from '../desk.ts'
import { tellDaemon } from '../host-report.ts'
import { keptConnections } from './direct.ts'
import { ERROR_HEADER, ERROR_STATUS, type KeptGreeting, LEASE_HEADER, NO_LEASE, REUSED_HEADER } from './kept-wire.ts'

/** Of one connection, not of the message on it. @see https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1 */
const BY_HOP = /^(?:connection|keep-alive|proxy-connection|transfer-encoding|upgrade|expect|x-everwarm-.*)$/i

const leases = new Set<string>()
const connections = keptConnections()
let folder = ''

const desk = createDesk({
  onHolder(token, socket) {
    leases.add(token)
    // It says nothing more, but its end must be seen.
    socket.resume()
    socket.write(`${JSON.stringify({ socketPath: requestsPath() } satisfies KeptGreeting)}\n`)
    socket.once('close', () => {
      leases.delete(token)
      returned(token)
    })
  },
  onNeverCame: returned,
})

process.on('message', (message: DaemonToHost) => {
  if (message.kind === 'boot-api') boot(message)
  else if (message.kind === 'expect') desk.expect(message.token)
  else if (message.kind === 'reclaim') desk.reclaim(message.token)
})
process.on('disconnect', () => {
  rmSync(folder, { recursive: true, force: true })
  process.exit(0)
})

const requestsPath = () => (process.platform === 'win32' ? `${folder}.requests` : join(folder, 's'))

function boot(about: Extract<DaemonToHost, { kind: 'boot-api' }>): void {
  folder = about.folder
  if (process.platform !== 'win32') mkdirSync(folder, { recursive: true, mode: 0o700 })
  const requests = http.createServer(forward)
  requests.on('checkContinue', (request: http.IncomingMessage, response: http.ServerResponse) => {
    if (isHeld(request)) response.writeContinue()
    forward(request, response)
  })
  // A request may take as long as its client has patience.
  requests.requestTimeout = 0
  requests.listen(requestsPath(), () => {
    if (process.platform !== 'win32') chmodSync(requestsPath(), 0o600)
    createServer(desk.greet).listen(about.address, () => tellDaemon({ kind: 'ready', ...memory() }))
  })
}

/** Bodies pass as they come; what arrives is answered by the server's words alone, or by the error of the connection. */
function forward(request: http.IncomingMessage, response: http.ServerResponse): void {
  if (!isHeld(request)) return void response.writeHead(403, { [ERROR_HEADER]: NO_LEASE }).end()
  const url = new URL(request.url!)
  const { request: send } = url.protocol === 'https:' ? https : http
  const sent = send(url, {
    method: request.method,
    headers: ended(request.rawHeaders),
    agent: connections.agentFor(url, request.method!),
    setHost: false,
  })
  sent.once('response', (answer) => {
    response.writeHead(answer.statusCode!, answer.statusMessage, [
      ...ended(answer.rawHeaders),
      REUSED_HEADER,
      sent.reusedSocket ? '1' : '0',
    ])
    answer.pipe(response)
    answer.once('error', () => response.destroy())
  })
  sent.once('error', (error: NodeJS.ErrnoException) => {
    if (response.headersSent) return void response.destroy()
    response.writeHead(ERROR_STATUS, {
      [ERROR_HEADER]: error.code ?? 'UNKNOWN',
      [REUSED_HEADER]: sent.reusedSocket ? '1' : '0',
    })
    response.end(error.message)
  })
  // Who gave up is not waited for.
  response.once('close', () => response.writableFinished || sent.destroy())
  request.pipe(sent)
}

const isHeld = ({ headers }: http.IncomingMessage) => leases.has(String(headers[LEASE_HEADER]))

function ended(raw: string[]): string[] {
  const kept: string[] = []
  for (let i = 0; i < raw.length; i += 2) if (!BY_HOP.test(raw[i]!)) kept.push(raw[i]!, raw[i + 1]!)
  return kept
}

function returned(token: string): void {
  tellDaemon({ kind: 'world-done', files: 0, taints: [], returned: token, ...memory() })
}

function memory(): { rssBytes: number; heapBytes: number } {
  const { rss, heapUsed } = process.memoryUsage()
  return { rssBytes: rss, heapBytes: heapUsed }
}
