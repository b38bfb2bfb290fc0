import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
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
        void serve(docker, opened, container, command)
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
  response.writeHead(200, { 'content-type': 'text/plain' })
  response.flushHeaders()
  const write = (bytes: Buffer) => new Promise<void>((resolve) => response.write(bytes, () => resolve()))
  if (follow) {
    const stream = await container.logs({ follow: true, stdout: true, stderr: true })
    response.once('close', () => (stream as unknown as Duplex).destroy())
    await demux(stream as unknown as Duplex, (_, bytes) => write(bytes)).catch(() => {})
  } else {
    const all = await container.logs({ follow: false, stdout: true, stderr: true })
    const { Readable } = await import('node:stream')
    await demux(Readable.from([all]), (_, bytes) => write(bytes))
  }
  response.end()
}
