import asyncHooks from 'node:async_hooks'
import crypto from 'node:crypto'
import dns from 'node:dns'
import { EventEmitter } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import process from 'node:process'
import { performance } from 'node:perf_hooks'
import stream from 'node:stream'
import util from 'node:util'
import { isDeepStrictEqual } from 'node:util'
import type { Taint } from '../../../contracts/host-wire.ts'
import { BuiltinCalls } from './builtin-calls.ts'

interface Setting {
  /** Compared only after files that got this module; null: after every file. */
  group: string | null
  read(): unknown
  write(value: never): void
}

const REPORT_SETTINGS = [
  'directory',
  'filename',
  'signal',
  'compact',
  'excludeEnv',
  'excludeNetwork',
  'reportOnFatalError',
  'reportOnSignal',
  'reportOnUncaughtException',
] as const

/** Those that this version of Node knows. */
function reportSettings(): Partial<NodeJS.ProcessReport> {
  const report = process.report as unknown as Readonly<Record<string, unknown>>
  return Object.fromEntries(REPORT_SETTINGS.filter((key) => key in report).map((key) => [key, report[key]]))
}

/** Settings that builtin modules keep behind functions and accessors, where no comparison of properties sees them. */
const SETTINGS: Setting[] = [
  { group: null, read: () => globalThis.process, write: (value) => (globalThis.process = value) },
  { group: null, read: () => globalThis.Buffer, write: (value) => (globalThis.Buffer = value) },
  { group: null, read: () => EventEmitter.defaultMaxListeners, write: (value) => (EventEmitter.defaultMaxListeners = value) },
  { group: null, read: () => EventEmitter.captureRejections, write: (value) => (EventEmitter.captureRejections = value) },
  { group: null, read: () => ({ ...util.inspect.defaultOptions }), write: (value) => (util.inspect.defaultOptions = value) },
  { group: null, read: () => process.sourceMapsEnabled, write: (value) => process.setSourceMapsEnabled(value) },
  { group: null, read: () => reportSettings(), write: (value) => Object.assign(process.report, value) },
  { group: 'node:crypto', read: crypto.getFips, write: crypto.setFips },
  { group: 'node:dns', read: dns.getDefaultResultOrder, write: dns.setDefaultResultOrder },
  { group: 'node:dns', read: dns.getServers, write: dns.setServers },
  { group: 'node:net', read: net.getDefaultAutoSelectFamily, write: net.setDefaultAutoSelectFamily },
  { group: 'node:net', read: net.getDefaultAutoSelectFamilyAttemptTimeout, write: net.setDefaultAutoSelectFamilyAttemptTimeout },
  { group: 'node:http', read: () => http.globalAgent, write: (value) => (http.globalAgent = value) },
  { group: 'node:https', read: () => https.globalAgent, write: (value) => (https.globalAgent = value) },
  ...[false, true].map((isObjectMode): Setting => ({
    group: 'node:stream',
    read: () => stream.getDefaultHighWaterMark(isObjectMode),
    write: (value) => stream.setDefaultHighWaterMark(isObjectMode, value),
  })),
]

/** What Node keeps open and queued for both global agents. */
const AGENTS = [
  ['node:http', http.globalAgent],
  ['node:https', https.globalAgent],
] as const

/** State inside Node's own modules: what can be asked for is compared, the rest is undone by `BuiltinCalls`. */
export class BuiltinState {
  readonly #settings = SETTINGS.map((setting) => ({ setting, value: setting.read() }))
  readonly #calls = new BuiltinCalls()
  /** What `executionAsyncResource()` gives outside of every resource: one object for the life of a process. */
  #topResource: Record<PropertyKey, unknown> | null = null

  constructor() {
    const { executionAsyncResource } = asyncHooks
    // no hook is active yet, so the callback of a promise has no resource of its own
    void Promise.resolve().then(() => (this.#topResource = executionAsyncResource() as Record<PropertyKey, unknown>))
  }

  /** Before a builtin module is remembered and given out. */
  prepare(id: string, exports: object): void {
    this.#calls.prepare(id, exports)
  }

  /** Before anything else: listeners of test code would hear of all that follows, and write into what is clean. */
  silence(): void {
    this.#calls.undo()
  }

  restore(given: ReadonlySet<string>): Taint[] {
    const taints: Taint[] = []
    for (const { setting, value } of this.#settings) {
      if (setting.group !== null && !given.has(setting.group)) continue
      const now = setting.read()
      const isSame =
        now === value || (typeof value === 'object' && !(value instanceof EventEmitter) && isDeepStrictEqual(now, value))
      if (!isSame) setting.write(value as never)
    }
    taints.push(...this.#calls.restore(given))
    for (const [id, agent] of AGENTS) if (given.has(id)) emptyAgent(agent)
    if (this.#topResource) for (const key of Reflect.ownKeys(this.#topResource)) delete this.#topResource[key]
    if (given.has('node:perf_hooks') || performance.getEntries().length > 0) {
      performance.clearMarks()
      performance.clearMeasures()
      performance.clearResourceTimings()
    }
    return taints
  }
}

/** Closes the connections it keeps for later, and forgets all it had queued. */
function emptyAgent(agent: http.Agent): void {
  agent.destroy()
  for (const table of [agent.requests, agent.sockets, agent.freeSockets] as object[])
    for (const key of Reflect.ownKeys(table)) Reflect.deleteProperty(table, key)
}
