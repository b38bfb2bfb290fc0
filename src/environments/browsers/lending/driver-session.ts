import { mkdirSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { EverwarmError } from '../../../contracts/errors.ts'
import { spawnProcess } from '../../../system/spawn.ts'
import { tailOf } from '../../../system/tail.ts'
import type { Dialect } from './dialects.ts'
import type { LendingBoot } from './engine.ts'
import type { Capabilities, Reply, Session } from './webdriver.ts'

/** WebKitWebDriver never answers when its browser dies at its start: whoever waits needs an end of his own. */
const START_MS = 45_000
const END_MS = 5_000
const STATUS_MS = 2_000
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
  const { about, folder, capabilities } = options
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const untilMs = performance.now() + START_MS
  const driver = await startDriver(options)
  const gone = async () => {
    driver.kill('SIGKILL')
    await driver.ended
    driver.agent.destroy()
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
  try {
    const way = { agent: driver.agent, port: await listening(driver, untilMs) }
    const { sessionId: id, capabilities: given } = await newSession(
      { ...way, timeoutMs: untilMs - performance.now() },
      capabilities,
    )
    return {
      id,
      capabilities: given,
      kill: () => driver.kill('SIGKILL'),
      command: (method, path, body) => send(way, method, `/session/${id}${path === '' ? '' : `/${path}`}`, body),
      async end() {
        const told = await send({ ...way, timeoutMs: END_MS }, 'DELETE', `/session/${id}`).catch(() => null)
        driver.kill('SIGTERM')
        await Promise.race([driver.ended, delay(END_MS, undefined, { ref: false })])
        await gone()
        // Its browser may live on: only the end of this host is sure to end it.
        return told === null ? [{ code: 'context-left', detail: `${about.driverCommand} did not end its session` }] : []
      },
    }
  } catch (cause) {
    await gone()
    throw new EverwarmError('DRIVER_FAILED', {
      message: `No session could be started by ${about.driverCommand}: ${(cause as Error).message}.\n${driver.words()}`.trim(),
      hint: 'Driver and browser must be of the same version; see what the driver says above.',
      cause,
    })
  }
}

interface DriverProcess {
  agent: Agent
  /** What it was told to take; null: it says which one it took. */
  port: number | null
  words(): string
  isOver(): boolean
  ended: Promise<void>
  kill(signal: NodeJS.Signals): void
}

async function startDriver({ about, dialect, env }: DriverOptions): Promise<DriverProcess> {
  const port = dialect.saysPort ? null : await freePort()
  const child = spawnProcess(about.driverCommand, dialect.args(port), { cwd: about.cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const words = tailOf([child.stdout, child.stderr], 4_000)
  let failure = ''
  let isOver = false
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', (error) => {
      failure = error.message
      resolve()
    })
  }).then(() => void (isOver = true))
  return {
    agent: new Agent({ keepAlive: true }),
    port,
    ended,
    words: () => `${words()}${failure}`,
    isOver: () => isOver,
    kill: (signal) => void child.kill(signal),
  }
}

async function listening(driver: DriverProcess, untilMs: number): Promise<number> {
  while (!driver.isOver() && performance.now() < untilMs) {
    const port = driver.port ?? Number(SAID_PORT.exec(driver.words())?.[1] ?? 0)
    const way = { port, agent: driver.agent, timeoutMs: STATUS_MS }
    if (port > 0 && (await send(way, 'GET', '/status').catch(() => null))?.status === 200) return port
    await delay(10)
  }
  throw new Error(driver.isOver() ? 'it ended at its start' : `it was not ready after ${START_MS} ms`)
}

async function newSession(way: Way, capabilities: Capabilities): Promise<{ sessionId: string; capabilities: Capabilities }> {
  const asked = Buffer.from(JSON.stringify({ capabilities: { alwaysMatch: capabilities } }))
  const { status, body } = await send(way, 'POST', '/session', asked)
  const { value } = JSON.parse(body) as { value: { sessionId: string; capabilities: Capabilities; message?: string } }
  if (status !== 200) throw new Error(value.message ?? body)
  return value
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
        ...(timeoutMs ? { signal: AbortSignal.timeout(Math.max(1, Math.round(timeoutMs))) } : {}),
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
