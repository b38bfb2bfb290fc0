import process from 'node:process'
import { getHeapStatistics } from 'node:v8'
import { type Machine, thisMachine } from '../../system/machine.ts'

/** What flags are made for. */
export interface HostMachine extends Machine {
  /** Of a Node without flags; null where it is not known. */
  heapLimitBytes: number | null
}

const MB = 2 ** 20
/** The young generation counts three times in the limit of a heap. */
const SEMI_SPACES = 3
const HEAP_FLAG = /--(?:max|min|initial)[-_](?:old[-_]space|semi[-_]space|heap)[-_]size/
/** The first of ours; after it come only ours. */
const FIRST = '--single-threaded-gc'

/**
 * Flags of Node that a host gets after the project's own. A host runs one test file at a time and there are as many hosts as
 * workers: collecting garbage on helper threads only takes the other hosts' cores. The young generation is large, and the
 * old one as much smaller, so that the heap has the limit it has everywhere. Where the project sets sizes, those hold.
 * See docs/decisions/007-between-files.md.
 */
export function hostFlags(given: readonly string[], nodeOptions = '', machine: HostMachine = machineOfHosts()): string[] {
  const sizes = HEAP_FLAG.test([...given, nodeOptions].join(' ')) ? [] : sizeFlags(machine)
  // the last: real namespace objects for modules that are functions; hidden from test code
  return [FIRST, ...sizes, '--experimental-vm-modules']
}

function sizeFlags({ memoryBytes, cpus, heapLimitBytes }: HostMachine): string[] {
  if (heapLimitBytes === null) return []
  const share = memoryBytes / cpus / 16 / MB
  // more than 256 only leads memory through the caches that was not there before
  const young = [256, 128, 64].find((size) => size <= share && heapLimitBytes >= 2 * SEMI_SPACES * size * MB)
  if (young === undefined) return []
  const old = Math.round(heapLimitBytes / MB) - SEMI_SPACES * young
  return [`--min-semi-space-size=${young}`, `--max-semi-space-size=${young}`, `--max-old-space-size=${old}`]
}

function machineOfHosts(): HostMachine {
  const own = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].join(' ')
  return { ...thisMachine(), heapLimitBytes: HEAP_FLAG.test(own) ? null : getHeapStatistics().heap_size_limit }
}

/** The flags a host was started with, without those that only hosts get. */
export function withoutHostFlags(execArgv: readonly string[]): string[] {
  const at = execArgv.lastIndexOf(FIRST)
  return at === -1 ? [...execArgv] : execArgv.slice(0, at)
}

/**
 * Bytes that files may leave behind before a host collects them: less than its young generation holds, so that V8 does not
 * do it in its own way in the middle of a file.
 */
export function collectAfterBytes(execArgv: readonly string[]): number {
  const own = execArgv.slice(execArgv.lastIndexOf(FIRST) + 1)
  const young = own.find((flag) => flag.startsWith('--max-semi-space-size='))?.split('=')[1]
  return young === undefined ? 192 * MB : 0.75 * Number(young) * MB
}
