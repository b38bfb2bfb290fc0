import { mkdirSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { EverwarmError } from '../../../contracts/errors.ts'
import type { Taint } from '../../../contracts/host-wire.ts'
import { spawnProcess } from '../../../system/spawn.ts'
import type { Dialect } from './dialects.ts'
import type { LendingBoot } from './host.ts'
import type { Capabilities, Reply, Session } from './webdriver.ts'

/** WebKitWebDriver never answers when its browser dies at its start: whoever waits needs an end of his own. */
const START_MS = 45_000
const END_MS = 5_000
const SAID_PORT = /(?:on port |127\.0\.0\.1:)([1-9]\d*)/

interface DriverOptions {
  about: LendingBoot
  dialect: Dialect
  /** For temporary files of driver and browser; made here, removed with the session. */
  folder: string
  env: Record<string, string>
  capabilities: Capabilities
}

/**
 * A driver's process with one session in it. Each session has its own: most drivers know only one at a time, and
 * a driver that hangs takes no other session with it.
 * @throws EverwarmError DRIVER_FAILED
 */
export async function startDriverSession(options: DriverOptions): Promise<Session> {
  const { about, dialect, folder, env, capabilities } = options
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const wanted = dialect.saysPort ? null : await freePort()
  const child = spawnProcess(about.driverCommand, dialect.args(wanted), {
    cwd: about.cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const life = { isOver: false }
  let words = ''
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', (error) => {
      words += error.message
      resolve()
    })
  }).then(() => void (life.isOver = true))
  const listen = (chunk: Buffer) => (words = (words + chunk.toString('utf8')).slice(-4_000))
  child.stdout!.on('data', listen)
  child.stderr!.on('data', listen)
  const agent = new Agent({ keepAlive: true })
  const kill = () => void child.kill('SIGKILL')
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  const untilMs = performance.now() + START_MS

  async function end(id: string): Promise<Taint[]> {
    const told = await send({ port, agent, timeoutMs: END_MS }, 'DELETE', `/session/${id}`).catch(() => null)
    child.kill('SIGTERM')
    await Promise.race([ended, delay(END_MS, undefined, { ref: false })])
    kill()
    await ended
    agent.destroy()
    remove()
    // Its browser may live on: only the end of this host is sure to end it.
    return told === null ? [{ code: 'context-left', detail: `${about.driverCommand} did not end its session` }] : []
  }

  async function portOf(): Promise<number> {
    while (!life.isOver && performance.now() < untilMs) {
      const port = wanted ?? Number(SAID_PORT.exec(words)?.[1] ?? 0)
      if (port > 0 && (await send({ port, agent, timeoutMs: 2_000 }, 'GET', '/status').catch(() => null))?.status === 200)
        return port
      await delay(10)
    }
    throw new Error(life.isOver ? 'it ended at its start' : `it was not ready after ${START_MS} ms`)
  }

  let port = 0
  try {
    port = await portOf()
    const asked = JSON.stringify({ capabilities: { alwaysMatch: capabilities } })
    const reply = await send(
      { port, agent, timeoutMs: Math.max(1, Math.round(untilMs - performance.now())) },
      'POST',
      '/session',
      Buffer.from(asked),
    )
    const { value } = JSON.parse(reply.body) as { value: { sessionId: string; capabilities: Capabilities; message?: string } }
    if (reply.status !== 200) throw new Error(value.message ?? reply.body)
    const id = value.sessionId
    return {
      id,
      capabilities: value.capabilities,
      kill,
      command: (method, path, body) => send({ port, agent }, method, `/session/${id}${path === '' ? '' : `/${path}`}`, body),
      end: () => end(id),
    }
  } catch (cause) {
    kill()
    await ended
    agent.destroy()
    remove()
    throw new EverwarmError('DRIVER_FAILED', {
      message: `No session could be started by ${about.driverCommand}: ${(cause as Error).message}.\n${words.trim()}`.trim(),
      hint: 'Driver and browser must be of the same version; see what the driver says above.',
      cause,
    })
  }
}

interface Way {
  port: number
  agent: Agent
  timeoutMs?: number
}

function send({ port, agent, timeoutMs }: Way, method: string, path: string, body?: Buffer): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        agent,
        method,
        path,
        headers:
          body && body.length > 0 ? { 'content-type': 'application/json; charset=utf-8', 'content-length': body.length } : {},
        ...(timeoutMs ? { signal: AbortSignal.timeout(timeoutMs) } : {}),
      },
      (response) => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.once('error', reject)
        response.once('end', () => resolve({ status: response.statusCode!, body: Buffer.concat(parts).toString('utf8') }))
      },
    )
    sent.once('error', (error) =>
      reject(timeoutMs && error.name === 'TimeoutError' ? new Error(`no answer to ${method} ${path}`) : error),
    )
    sent.end(body)
  })
}

/** For drivers that take a number only: free now, and in all likelihood in a moment. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
}
