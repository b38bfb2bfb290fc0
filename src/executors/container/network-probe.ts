import { request as httpRequest } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { request as httpsRequest } from 'node:https'
import { connect } from 'node:net'
import type { Probe } from '../../contracts/workflow/service.ts'

/**
 * One try over the network. Never throws.
 * @param host where it is, unless the probe says another one
 * @see https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
 */
export function tryNetworkProbe({ httpGet, tcpSocket, grpc }: Probe, host: string, timeoutMs: number): Promise<boolean> {
  const signal = AbortSignal.timeout(timeoutMs)
  if (httpGet) return getsAnswer(httpGet, httpGet.host || host, signal)
  if (tcpSocket) return accepts(Number(tcpSocket.port), tcpSocket.host || host, signal)
  return grpc ? serves(Number(grpc.port), grpc.service ?? '', host, signal) : Promise.resolve(false)
}

function getsAnswer(probe: NonNullable<Probe['httpGet']>, host: string, signal: AbortSignal): Promise<boolean> {
  const request = probe.scheme === 'HTTPS' ? httpsRequest : httpRequest
  const headers = Object.fromEntries((probe.httpHeaders ?? []).map(({ name, value }) => [name, value]))
  // Readiness, not identity: as Kubernetes, which looks at no certificate.
  const options = {
    host,
    port: Number(probe.port),
    path: probe.path || '/',
    headers,
    signal,
    agent: false,
    rejectUnauthorized: false,
  }
  return settled((done) => {
    const asked = request(options, (answer) => {
      const { statusCode = 0 } = answer
      answer.destroy()
      done(statusCode >= 200 && statusCode < 400)
    })
    asked.on('error', () => done(false))
    asked.end()
  })
}

function accepts(port: number, host: string, signal: AbortSignal): Promise<boolean> {
  return settled((done) => {
    const socket = connect({ port, host, signal })
    socket.on('error', () => done(false))
    socket.on('connect', () => {
      socket.destroy()
      done(true)
    })
  })
}

/** @see https://github.com/grpc/grpc/blob/master/doc/health-checking.md */
function serves(port: number, service: string, host: string, signal: AbortSignal): Promise<boolean> {
  const name = Buffer.from(service)
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, name.length]), name])
  const frame = Buffer.alloc(5)
  frame.writeUInt32BE(message.length, 1)
  return settled((done) => {
    const session = connectHttp2(`http://${host.includes(':') ? `[${host}]` : host}:${port}`)
    const finish = (isServing: boolean) => {
      session.destroy()
      done(isServing)
    }
    session.on('error', () => finish(false))
    signal.addEventListener('abort', () => finish(false), { once: true })
    const path = '/grpc.health.v1.Health/Check'
    const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' })
    const chunks: Buffer[] = []
    stream.on('error', () => finish(false))
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    // Field 1 of the answer is the status, and 1 means SERVING.
    stream.on('end', () =>
      finish(
        Buffer.concat(chunks)
          .subarray(5, 7)
          .equals(Buffer.from([0x08, 1])),
      ),
    )
    stream.end(Buffer.concat([frame, message]))
  })
}

const settled = (begin: (done: (value: boolean) => void) => void) => new Promise<boolean>(begin)
