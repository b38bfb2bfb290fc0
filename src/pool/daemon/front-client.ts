import { spawnSync } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { EverwarmError } from '../../contracts/errors.ts'
import * as door from '../../contracts/front-door.ts'
import { currentDaemon, daemonAddress } from './address.ts'
import { connectDaemon } from './client.ts'
import { packageVersion } from './version.ts'

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const

/**
 * A command through the front door, by Node: what `clients/everwarm-client.c` does, and starts the daemon first.
 * Resolves with the exit code, or with what this process is to become.
 * @throws EverwarmError DAEMON_UNREACHABLE, DAEMON_START_FAILED, HOST_CRASHED…
 */
export async function throughFrontDoor(
  request: door.FrontRequest,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Outcome> {
  // Of this version, and running; what leases it takes are the front door's own.
  const client = await connectDaemon({ label: `everwarm ${request.command}`, env })
  try {
    return await ask(request, env)
  } finally {
    await client.close()
  }
}

/** `lost`: what was to do it is gone, and the program begins again. */
type Outcome = { code: number } | { program: string[]; lost?: string }

async function ask(request: door.FrontRequest, env: Readonly<Record<string, string | undefined>>): Promise<Outcome> {
  const daemon = currentDaemon(daemonAddress(env))
  if (!daemon) throw unreachable('The daemon is gone.')
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
  const encoded = door.encodeRequest(request)
  let host: Socket | undefined
  let onSignal: ((name: keyof typeof SIGNALS) => void) | undefined
  let onResize: (() => void) | undefined
  let isReading = false
  let instead: string[] | undefined

  const toHost = (type: door.FrontFrameToHost, payload: Uint8Array | string) =>
    void (host?.writable && host.write(door.encodeFrontFrame(type, payload)))

  function obey({ type, payload }: door.FrontFrame): void {
    if (type === 'O') process.stdout.write(payload)
    else if (type === 'E') process.stderr.write(payload)
    else if (type === 'X') resolve({ code: payload[0] ?? 70 })
    else if (type === 'I') readStdin()
    else if (type === 'R') resolve({ program: payload.toString().split('\0') })
    else if (type === 'F') {
      process.stderr.write(payload.subarray(1))
      resolve({ code: payload[0] ?? 70 })
    } else if (type === 'H') {
      const [address = '', token = '', ...program] = payload.toString().split('\0')
      if (program.length > 0) instead = program
      host = talk(address, Buffer.concat([Buffer.from(`${token}\0`), encoded]), 'The host ended in the middle.')
      forwardSignals()
    }
  }

  function talk(address: string, first: Uint8Array | string, lost: string): Socket {
    const socket = connect(address)
    const read = door.frontFrameReader(obey)
    const over = (cause?: unknown) => {
      if (instead) resolve({ program: instead, lost })
      else reject(unreachable(lost, cause))
    }
    socket.on('error', over)
    socket.on('close', () => over())
    socket.on('data', (chunk) => {
      try {
        read(chunk)
      } catch (error) {
        reject(error as Error)
      }
    })
    socket.write(first)
    return socket
  }

  function forwardSignals(): void {
    onSignal = (name) => toHost('S', new Uint8Array([SIGNALS[name]]))
    for (const name of Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]) process.once(name, onSignal)
    onResize = () => toHost('W', `${process.stdout.columns} ${process.stdout.rows}`)
    process.stdout.on('resize', onResize)
  }

  function readStdin(): void {
    if (isReading) return
    isReading = true
    process.stdin.on('data', (chunk: Buffer) => toHost('I', chunk))
    process.stdin.on('end', () => toHost('I', ''))
  }

  const front = talk(
    daemon.socket,
    Buffer.concat([Buffer.from(door.encodeGreeting(daemon.token, packageVersion())), encoded]),
    'The daemon hung up.',
  )
  try {
    return await promise
  } finally {
    for (const socket of [front, host]) socket?.destroy()
    if (onSignal) for (const name of Object.keys(SIGNALS)) process.off(name, onSignal)
    if (onResize) process.stdout.off('resize', onResize)
    if (isReading) process.stdin.destroy()
  }
}

/** This process with its files, as a request. */
export function ownRequest(command: string, args: string[]): door.FrontRequest {
  const { stdin, stdout, stderr } = process
  return {
    command,
    args,
    cwd: process.cwd(),
    env: { ...process.env } as Record<string, string>,
    pid: process.pid,
    terminals: [stdin.isTTY === true, stdout.isTTY === true, stderr.isTTY === true],
    columns: stdout.columns ?? 0,
    rows: stdout.rows ?? 0,
  }
}

/** Runs the program with all that this process has, and returns its exit code; Node cannot become another program everywhere. */
export function become([command = '', ...args]: readonly string[]): number {
  const { status, signal, error } = spawnSync(command, args, { stdio: 'inherit' })
  if (error)
    throw new EverwarmError('ENVIRONMENT_UNAVAILABLE', {
      message: `${command} cannot be started (${error.message}).`,
      hint: 'Is it there, and may it be executed?',
      cause: error,
    })
  if (signal) process.kill(process.pid, signal)
  return status ?? 1
}

function unreachable(message: string, cause?: unknown): EverwarmError {
  return new EverwarmError('DAEMON_UNREACHABLE', { message, hint: 'Run again: the next command starts a new daemon.', cause })
}
