import type { EverwarmError } from '../../contracts/errors.ts'
import type { ViewOrder } from '../../contracts/live-view.ts'
import type { WorkerRegistration } from '../../contracts/worker.ts'
import type { Credential, HeldShard, LinkFeature, RunningProcess, SpawnOptions } from '../../contracts/worker-link.ts'

/** What the coordinator decides about workers that dial in. */
export interface LinkHost {
  /** Who is it, and what of it goes on? @throws EverwarmError TOKEN_MISSING, TOKEN_REFUSED, TOKEN_USED, TOKEN_EXPIRED… */
  admit(request: AdmitRequest): Promise<Admission>
  /** A worker is there. Listeners are to be set in this call: frames may follow at once. */
  onConnected(connection: WorkerConnection): void
  /** Asked for when two thirds of a credential’s life are over, or after half a minute again where it throws. */
  renewCredential?(workerId: string): Promise<Credential>
}

export interface AdmitRequest {
  /** An enrolment, a credential, or undefined. */
  token: string | undefined
  registration: WorkerRegistration
  features: readonly string[]
  /** What it still runs. */
  running: readonly RunningProcess[]
  /** Of its socket. */
  address: string
}

export interface Admission extends Partial<Credential> {
  workerId: string
  /** ms */
  heartbeatMs: number
  /** ms */
  offlineMs: number
  /** Whether a process goes on; absent: none does. The note of a shard program is the id of its session. */
  keep?(process: RunningProcess): boolean
}

export interface ConnectionEnd {
  /** The worker said `bye`: it comes back no more, and holds nothing. */
  isOrderly: boolean
  /** Another connection of the same worker took its place; that one is announced next. */
  isReplaced: boolean
  /** WebSocket close code; 1006 where it was lost. */
  code: number
  reason: string
  /** What this end found wrong. */
  fault?: EverwarmError
}

/** One socket of one worker. A worker that comes back gets another one; what went on is in `kept`. */
export interface WorkerConnection {
  readonly workerId: string
  readonly registration: WorkerRegistration
  readonly features: ReadonlySet<LinkFeature>
  readonly kept: readonly RemoteProcess[]
  readonly isOpen: boolean
  /** Throws nothing: what cannot be run says so by its end. @throws EverwarmError FRAME_TOO_LARGE */
  spawn(command: string, args: readonly string[], options?: SpawnOptions): RemoteProcess
  /** Somebody looks. false: it cannot show its browsers, or is not there any more. */
  show(order: ViewOrder): boolean
  /** One listener each. */
  onHeartbeat(listener: (running: readonly HeldShard[]) => void): void
  onDrain(listener: () => void): void
  /** Runs once, also where it is closed already. Its processes have ended with `isLost` before. */
  onClosed(listener: (end: ConnectionEnd) => void): void
  /** Says why, if it is an error, and closes. */
  close(why?: EverwarmError): void
}

export type ProcessEnd =
  | { isLost: false; code: number | null; signal: string | null; error?: { code: string; message: string; hint?: string } }
  /** The connection ended before the process, as far as is known. */
  | { isLost: true }

export type OutputStream = 'stdout' | 'stderr'

/** A process on a worker. */
export interface RemoteProcess {
  readonly id: string
  readonly note: string | undefined
  /** Input that the worker had when this connection began. */
  readonly stdinBytes: number
  /** Without the feature `stdin` this does nothing. */
  write(bytes: Uint8Array | string): void
  /** Its input ends. */
  end(): void
  kill(signal?: string): void
  /**
   * One listener, and no byte before it is set. `offset` counts from the start of the process; all bytes come, once, in
   * order, from where the last acknowledgement that reached the worker was.
   */
  onData(listener: (stream: OutputStream, offset: number, bytes: Buffer) => void): void
  /** All bytes before `offset` are safe here. What is not acknowledged comes again after a lost connection, and holds the process up. */
  ack(stream: OutputStream, offset: number): void
  /** After the last byte. */
  readonly ended: Promise<ProcessEnd>
}
