import type { MessagePort } from 'node:worker_threads'
import type { GlueJob } from './bindgen-instance.ts'
import type { ProgramEnd } from './instance.ts'
import type { WasmModule } from './engine.ts'

/** What a thread is started with. */
export interface ThreadSeat {
  /** `FLOW` slots of a Int32Array. */
  flow: SharedArrayBuffer
  /** Bytes of stdin as `InputMessage`. */
  input: MessagePort
}

/** One program, for one thread. */
export interface Job {
  id: number
  module: WasmModule
  args: string[]
  env: Record<string, string>
  cwd: string
  /** A test of wasm-bindgen-test instead of a program; the thread ends after it, with all that it did to JavaScript. */
  glue?: GlueJob
  /** Its output is sent as it comes, and not only at its end. */
  isLive: boolean
  /** It reads what its client's stdin gives; else stdin is at its end. */
  hasInput: boolean
}

export interface Chunk {
  fd: 1 | 2
  bytes: Uint8Array
}

export type FromThread =
  | { kind: 'output'; id: number; chunks: Chunk[] }
  | { kind: 'wants-input'; id: number }
  | { kind: 'ended'; id: number; end: ProgramEnd }

/** `bytes` of length 0: the end. Of another job: not for this one. */
export interface InputMessage {
  id: number
  bytes: Uint8Array
}

export const FLOW = {
  /** Bytes of output that nobody has taken yet; a thread waits while there are too many. */
  outstanding: 0,
  /** Counts messages of stdin. */
  inputs: 1,
} as const
