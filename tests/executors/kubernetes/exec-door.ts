import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Duplex, Readable } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import type { Docker, DockerContainer } from '../../../src/executors/container/engine.ts'
import { demux } from '../../../src/executors/container/demux.ts'

const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io']

/**
 * The kubelet's side of `exec`: channels 0 to 3 of `v4.channel.k8s.io`, and the closing of 0 in `v5`. As with real runtimes, a
 * connection that breaks does not end the program.
 * @param protocols of ours; servers before 1.30 have no v5
 */
export function execDoor(docker: Docker, protocols: readonly string[] = PROTOCOLS) {
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    handleProtocols: (offered) => protocols.find((name) => offered.has(name)) ?? false,
  })
  const open = new Set<WebSocket>()
  return {
    /** Breaks all connections, as a proxy that is started again. @returns how many */
    breakAll() {
      const { size } = open
      for (const socket of open) socket.terminate()
      return size
    },
    accept(request: IncomingMessage, socket: Duplex, head: Buffer, container: DockerContainer, command: string[]) {
      server.handleUpgrade(request, socket, head, (opened) => {
        open.add(opened)
        opened.once('close', () => open.delete(opened))
        // Of a container that has just gone nothing is said.
        serve(docker, opened, container, command).catch(() => opened.close(1011))
      })
    },
  }
}

async function serve(docker: Docker, socket: WebSocket, container: DockerContainer, command: string[]): Promise<void> {
  const early: Buffer[] = []
  let input: Duplex | undefined
  socket.on('error', () => {})
  socket.on('message', (message: Buffer) => {
    if (message[0] === 255) return void input?.end()
    if (message[0] !== 0) return
    if (!input) return void early.push(message.subarray(1))
    if (!input.write(message.subarray(1))) {
      socket.pause()
      input.once('drain', () => socket.resume())
    }
  })
  const say = (channel: number, bytes: Buffer) =>
    new Promise<void>((resolve) => socket.send(Buffer.concat([Buffer.from([channel]), bytes]), { binary: true }, () => resolve()))
  const exec = await container.exec({ Cmd: command, AttachStdin: true, AttachStdout: true, AttachStderr: true })
  const stream = (await exec.start({ hijack: true, stdin: true })) as Duplex
  stream.on('error', () => {})
  socket.once('close', () => stream.end())
  for (const bytes of early) stream.write(bytes)
  input = stream
  await demux(stream, (from, bytes) => say(from === 'stdout' ? 1 : 2, bytes)).catch(() => {})
  const { ExitCode: code } = await exec.inspect().catch(() => ({ ExitCode: 137 }))
  await say(3, Buffer.from(JSON.stringify(statusOf(code ?? 137))))
  socket.close(1000)
}

const statusOf = (code: number) =>
  code === 0
    ? { metadata: {}, status: 'Success' }
    : {
        metadata: {},
        status: 'Failure',
        reason: 'NonZeroExitCode',
        message: `command terminated with non-zero exit code ${code}`,
        details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
      }

/** The kubelet's side of `log`. */
export async function sendLog(response: ServerResponse, container: DockerContainer, follow: boolean): Promise<void> {
  const log = await logOf(container, follow).catch(() => undefined)
  // Nobody keeps those of what is gone.
  if (!log) return void response.writeHead(404).end()
  response.writeHead(200, { 'content-type': 'text/plain' })
  response.flushHeaders()
  response.once('close', () => log.destroy())
  await demux(log, (_, bytes) => new Promise<void>((resolve) => response.write(bytes, () => resolve()))).catch(() => {})
  response.end()
}

async function logOf(container: DockerContainer, follow: boolean): Promise<Readable> {
  const streams = { stdout: true, stderr: true }
  if (follow) return (await container.logs({ ...streams, follow: true })) as unknown as Readable
  return Readable.from([await container.logs({ ...streams, follow: false })])
}
