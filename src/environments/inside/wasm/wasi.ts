import { randomFillSync } from 'node:crypto'
import { ERRNO } from './wasi-errors.ts'
import type { WasiFiles } from './wasi-files.ts'
import type { WasiImports, WasiMemory } from './wasi-memory.ts'

/** What a program of `wasi_snapshot_preview1` gets besides files. */
export interface WasiOptions {
  args: readonly string[]
  env: Readonly<Record<string, string>>
  files: WasiFiles
  memory: WasiMemory
}

/** `proc_exit`: unwinds the program. No Error, because a stack would be taken for nothing. */
export class ProgramExit {
  readonly code: number
  constructor(code: number) {
    this.code = code
  }
}

/** Node refuses to fill more at once. */
const RANDOM_BYTES = 65_536
const NS_PER_MS = 1_000_000

/**
 * The system calls of a WASI program (preview 1), by an own shim: the same in every engine of JavaScript, and unlike `node:wasi`
 * it runs programs that import what is not there, see `instance.ts`.
 * @see https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md
 */
export function wasiImports({ args, env, files, memory }: WasiOptions): WasiImports {
  const argv = textList(args)
  const pairs = textList(Object.entries(env).map(([name, value]) => `${name}=${value}`))
  return {
    ...files.imports,
    args_sizes_get: sizes(argv, memory),
    args_get: texts(argv, memory),
    environ_sizes_get: sizes(pairs, memory),
    environ_get: texts(pairs, memory),
    clock_res_get: (_id: number, at: number) => memory.setU64(at, 1n),
    clock_time_get: (id: number, _precision: bigint, at: number) => memory.setU64(at, clock(id)),
    random_get(at: number, length: number) {
      for (let done = 0; done < length; done += RANDOM_BYTES)
        randomFillSync(memory.bytes(at + done, Math.min(RANDOM_BYTES, length - done)))
      return ERRNO.success
    },
    poll_oneoff: (subscriptions: number, events: number, count: number, eventsOut: number) =>
      poll(memory, { subscriptions, events, count, eventsOut }),
    sched_yield: () => ERRNO.success,
    proc_exit(code: number) {
      throw new ProgramExit(code)
    },
    proc_raise(signal: number) {
      throw new ProgramExit(128 + signal)
    },
  }
}

interface TextList {
  /** Each with a NUL behind it. */
  bytes: Buffer
  starts: number[]
}

function textList(texts: readonly string[]): TextList {
  const bytes = Buffer.from(texts.map((text) => `${text}\0`).join(''))
  const starts: number[] = []
  for (let at = 0; at < bytes.length; at = bytes.indexOf(0, at) + 1) starts.push(at)
  return { bytes, starts }
}

function sizes({ bytes, starts }: TextList, memory: WasiMemory) {
  return (countOut: number, bytesOut: number) => {
    memory.setU32(countOut, starts.length)
    return memory.setU32(bytesOut, bytes.length)
  }
}

function texts({ bytes, starts }: TextList, memory: WasiMemory) {
  return (pointers: number, at: number) => {
    for (const [i, start] of starts.entries()) memory.setU32(pointers + 4 * i, at + start)
    memory.bytes(at, bytes.length).set(bytes)
    return ERRNO.success
  }
}

/** 0: since 1970; 1: since some moment; 2, 3: time of the CPU, for which the process's stands in. */
function clock(id: number): bigint {
  if (id === 0) return BigInt(Math.round((performance.timeOrigin + performance.now()) * NS_PER_MS))
  if (id === 1) return process.hrtime.bigint()
  const { user, system } = process.cpuUsage()
  return BigInt(user + system) * 1_000n
}

interface Poll {
  subscriptions: number
  events: number
  count: number
  eventsOut: number
}

const SUBSCRIPTION_BYTES = 48
const EVENT_BYTES = 32

/** Sleeps until the first clock; files count as ready at once. */
function poll(memory: WasiMemory, { subscriptions, events, count, eventsOut }: Poll): number {
  const asked = Array.from({ length: count }, (_, i) => {
    const at = subscriptions + SUBSCRIPTION_BYTES * i
    const type = memory.bytes(at + 8, 1)[0]!
    return { userdata: memory.getU64(at), type, dueNs: type === 0 ? due(memory, at + 16) : 0n }
  })
  const firstNs = asked.reduce((least, { dueNs }) => (dueNs < least ? dueNs : least), asked[0]?.dueNs ?? 0n)
  for (;;) {
    const leftNs = firstNs - process.hrtime.bigint()
    if (leftNs <= 0n) break
    Atomics.wait(SLEEP, 0, 0, Number(leftNs) / NS_PER_MS)
  }
  const ready = asked.filter(({ dueNs }) => dueNs <= firstNs)
  for (const [i, { userdata, type }] of ready.entries()) {
    const at = events + EVENT_BYTES * i
    memory.bytes(at, EVENT_BYTES).fill(0)
    memory.setU64(at, userdata)
    memory.bytes(at + 10, 1)[0] = type
  }
  return memory.setU32(eventsOut, ready.length)
}

const SLEEP = new Int32Array(new SharedArrayBuffer(4))

/** In ns of `process.hrtime`. */
function due(memory: WasiMemory, at: number): bigint {
  const id = memory.getU32(at)
  const timeoutNs = memory.getU64(at + 8)
  const isAbsolute = (memory.bytes(at + 24, 1)[0]! & 1) === 1
  return process.hrtime.bigint() + (isAbsolute ? timeoutNs - clock(id) : timeoutNs)
}
