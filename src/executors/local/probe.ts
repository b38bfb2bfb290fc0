import { request as askHttp } from 'node:http'
import { request as askHttps } from 'node:https'
import { connect } from 'node:net'
import type { Probe } from '../../contracts/workflow/service.ts'
import { LOOPBACK } from './free-port.ts'

/** Where a service is, and how a command runs beside it. */
export interface Probed {
  ports: Readonly<Record<number, number>>
  /** Its exit code is 0; ended after `timeoutMs`. */
  succeeds(argv: readonly string[], timeoutMs: number): Promise<boolean>
}

type HttpGet = NonNullable<Probe['httpGet']>

/** One try. A declared port means the one that it got; without a probe it is true. Never throws. */
export async function tryProbe(probe: Probe | undefined, probed: Probed, timeoutMs: number): Promise<boolean> {
  const portOf = (port: number | string) => probed.ports[Number(port)] ?? Number(port)
  if (!probe) return true
  if (probe.exec) return probed.succeeds(probe.exec.command, timeoutMs)
  if (probe.httpGet) return answers(probe.httpGet, portOf(probe.httpGet.port), timeoutMs)
  if (probe.tcpSocket) return accepts(probe.tcpSocket.host || LOOPBACK, portOf(probe.tcpSocket.port), timeoutMs)
  return false
}

function accepts(host: string, port: number, timeoutMs: number): Promise<boolean> {
  if (!isPort(port)) return Promise.resolve(false)
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect({ host, port, timeout: timeoutMs })
  socket.once('connect', () => resolve(true))
  socket.once('timeout', () => resolve(false))
  socket.once('error', () => resolve(false))
  return promise.finally(() => socket.destroy())
}

/** 200 to 399, as Kubernetes has it; certificates are not looked at, redirects not followed. */
async function answers(probe: HttpGet, port: number, timeoutMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const isSecure = probe.scheme === 'HTTPS'
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    const headers = Object.fromEntries((probe.httpHeaders ?? []).map(({ name, value }) => [name, value]))
    const path = `/${(probe.path ?? '').replace(/^\//, '')}`
    const options = { host: probe.host || LOOPBACK, port, path, headers, agent: false, signal }
    const asked = isSecure ? askHttps({ ...options, rejectUnauthorized: false }) : askHttp(options)
    asked.once('response', (response) => {
      resolve((response.statusCode ?? 0) >= 200 && (response.statusCode ?? 0) < 400)
      asked.destroy()
    })
    asked.on('error', () => resolve(false))
    asked.end()
    return await promise
  } catch {
    // A path or header that no request may have.
    return false
  }
}

const isPort = (port: number) => Number.isInteger(port) && port > 0 && port < 65_536
