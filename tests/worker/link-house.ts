import { type ChildProcess, spawn } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { attachWorkerLink, type WorkerLinkEnd, type WorkerLinkOptions } from '../../src/coordinator/link/attach.ts'
import type { AdmitRequest, WorkerConnection } from '../../src/coordinator/link/link-types.ts'
import { EverwarmError } from '../../src/contracts/errors.ts'
import { type Heard, hear } from '../support/hear.ts'

export const TOKEN = 'enrol-me'
export const CREDENTIAL = 'known-by-now'
const CLI = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

/** A coordinator's end of the link on a loopback port, and whoever dials in. */
export interface LinkHouse {
  readonly url: string
  readonly port: number
  readonly admitted: AdmitRequest[]
  /** The next connection that nobody has asked for yet. */
  connection(): Promise<WorkerConnection>
  /** Ends as a process does that is killed: sockets are cut. */
  crash(): Promise<void>
  /** Another one on the same port. */
  restart(): Promise<void>
  close(): Promise<void>
}

export async function linkHouse(options: Partial<WorkerLinkOptions> = {}): Promise<LinkHouse> {
  const waiting: WorkerConnection[] = []
  const asking: ((connection: WorkerConnection) => void)[] = []
  const admitted: AdmitRequest[] = []
  let server: Server
  let end: WorkerLinkEnd
  let port = 0
  const sockets = new Set<{ destroy(): void }>()

  const start = async () => {
    server = createServer((_request, response) => response.writeHead(404).end('nothing here'))
    server.on('connection', (socket) => {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
    })
    end = attachWorkerLink(server, {
      async admit(request) {
        admitted.push(request)
        if (request.token !== TOKEN && request.token !== CREDENTIAL)
          throw new EverwarmError(request.token ? 'TOKEN_REFUSED' : 'TOKEN_MISSING', {
            message: 'Nobody knows this token.',
            hint: 'Make a new one.',
          })
        return {
          workerId: request.registration.id ?? 'worker-1',
          heartbeatMs: 30_000,
          offlineMs: 90_000,
          credential: CREDENTIAL,
          expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
          keep: () => true,
        }
      },
      onConnected(connection) {
        const next = asking.shift()
        if (next) next(connection)
        else waiting.push(connection)
      },
      ...options,
    })
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  }
  const crash = async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of sockets) socket.destroy()
    await closed
  }
  await start()
  return {
    get url() {
      return `ws://127.0.0.1:${port}`
    },
    get port() {
      return port
    },
    admitted,
    connection: () => {
      const there = waiting.shift()
      return there ? Promise.resolve(there) : new Promise((resolve) => asking.push(resolve))
    },
    crash,
    restart: start,
    async close() {
      end.close()
      await crash()
    },
  }
}

export interface WorkerProgram extends Pick<Heard, 'said' | 'until'> {
  child: ChildProcess
  pid: number
  exit: Heard['ended']
  kill(signal?: NodeJS.Signals): void
}

/** `everwarm worker` as a process of its own. */
export function workerProgram(
  args: string[],
  { env = {}, entry = ['worker'] }: { env?: Record<string, string>; entry?: string[] } = {},
): WorkerProgram {
  const child = spawn(process.execPath, [CLI, ...entry, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const { said, until, ended: exit } = hear(child)
  return { child, pid: child.pid!, said, until, exit, kill: (signal = 'SIGKILL') => void child.kill(signal) }
}

export function folder(): { path: string; remove(): void } {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'ew-worker-')))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
