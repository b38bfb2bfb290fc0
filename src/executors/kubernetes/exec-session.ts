import { type Cluster, type ClusterSocket, saidBy } from './cluster.ts'

export interface ExecTarget {
  namespace: string
  pod: string
  container: string
}

export interface ExecHandlers {
  onOutput(bytes: Buffer): void
  onErrors?(bytes: Buffer): void
}

/** A program in a container, over one connection. What it was told before may be lost with it. */
export interface ExecSession {
  /** Resolves when it has left this process. After the end it does nothing. */
  write(bytes: Buffer | string): Promise<void>
  /** Stops and goes on reading. */
  pause(): void
  resume(): void
  readonly ended: Promise<ExecEnd>
  /** Breaks the connection; most runtimes let the program run. */
  close(): void
}

/** `lost`: the connection ended before the program said how it ended. */
export type ExecEnd = { exitCode: number } | { lost: string }

const STDIN = 0
const STDOUT = 1
const STDERR = 2
const STATUS = 3
/** Of one message; streaming servers of runtimes have small buffers. */
const MESSAGE_BYTES = 32 * 1_024
const OPEN = 1

export const execPath = ({ namespace, pod, container }: ExecTarget, argv: readonly string[]) => {
  const query = new URLSearchParams({ container, stdin: 'true', stdout: 'true', stderr: 'true', tty: 'false' })
  for (const word of argv) query.append('command', word)
  return `/api/v1/namespaces/${namespace}/pods/${pod}/exec?${query}`
}

/** @throws Error the server refused, or cannot be reached */
export async function openExec(
  cluster: Cluster,
  target: ExecTarget,
  argv: readonly string[],
  { onOutput, onErrors }: ExecHandlers,
): Promise<ExecSession> {
  let end: ExecEnd | undefined
  const socket = await cluster.dial(execPath(target, argv), (channel, bytes) => {
    if (channel === STDOUT && bytes.length > 0) onOutput(bytes)
    else if (channel === STDERR && bytes.length > 0) onErrors?.(bytes)
    else if (channel === STATUS) end = readStatus(bytes)
  })
  // What follows an error is always a close.
  socket.on('error', () => {})
  const { promise: ended, resolve } = Promise.withResolvers<ExecEnd>()
  const onClose = () => resolve(end ?? { lost: 'the connection broke' })
  socket.once('close', onClose)
  if (socket.readyState > OPEN) onClose()
  return {
    write: (bytes) => writeTo(socket, typeof bytes === 'string' ? Buffer.from(bytes) : bytes),
    pause: () => void (socket.readyState === OPEN && socket.pause()),
    resume: () => void (socket.readyState === OPEN && socket.resume()),
    ended,
    close: () => socket.terminate(),
  }
}

async function writeTo(socket: ClusterSocket, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; at += MESSAGE_BYTES) {
    if (socket.readyState !== OPEN) return
    const part = bytes.subarray(at, at + MESSAGE_BYTES)
    const message = Buffer.allocUnsafe(part.length + 1)
    message[0] = STDIN
    part.copy(message, 1)
    await new Promise<void>((resolve) => socket.send(message, () => resolve()))
  }
}

/** @see https://kubernetes.io/docs/reference/using-api/api-concepts/ (a Status; the exit code is one of its causes) */
function readStatus(bytes: Buffer): ExecEnd {
  try {
    const { status, message, details } = JSON.parse(bytes.toString('utf8')) as {
      status?: string
      message?: string
      details?: { causes?: { reason?: string; message?: string }[] }
    }
    if (status === 'Success') return { exitCode: 0 }
    const code = details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message
    return code === undefined ? { lost: message ?? 'the runtime refused' } : { exitCode: Number(code) }
  } catch (error) {
    return { lost: saidBy(error) }
  }
}
