import asyncHooks from 'node:async_hooks'
import diagnostics from 'node:diagnostics_channel'
import http from 'node:http'
import os from 'node:os'
import { PerformanceObserver } from 'node:perf_hooks'
import tls from 'node:tls'
import v8 from 'node:v8'
import workers from 'node:worker_threads'
import { loadBuiltin } from '../modules/builtins.ts'
import type { Taint } from '../../../contracts/host-wire.ts'

type Channel = ReturnType<typeof diagnostics.channel>
type Functions = Record<string, (...args: unknown[]) => unknown>

/** Modules whose mere loading changes a process for good. */
const CHANGING: Record<string, string> = {
  'node:domain': 'node:domain changes every event emitter',
  'node:trace_events': 'node:trace_events may trace the process',
  'node:test': 'node:test runs tests of its own in the process',
}

/** Functions that set something no one can ask for or set back. */
const FINAL: [id: string, object: unknown, name: string][] = [
  ['node:v8', v8, 'setHeapSnapshotNearHeapLimit'],
  ['node:tls', tls, 'setDefaultCACertificates'],
  ['node:os', os, 'setPriority'],
]

const DEFAULT_IDLE_PARSERS = 1000

/**
 * What test code starts or sets inside Node's modules by calling a function, and no property tells of.
 * The functions are replaced once, before the modules are remembered, and say how to undo what they did.
 */
export class BuiltinCalls {
  readonly #undo: (() => void)[] = []
  readonly #taints: Taint[] = []
  readonly #timeouts: AbortSignal[] = []
  readonly #prepared = new Set<string>()

  constructor() {
    this.#after(asyncHooks, 'createHook', (hook: asyncHooks.AsyncHook) => hook.disable())
    this.#watchChannels()
    this.#after(AbortSignal, 'timeout', (signal: AbortSignal) => signal.aborted || this.#timeouts.push(signal))
    this.#before(PerformanceObserver.prototype, 'observe', (observer) => () => (observer as PerformanceObserver).disconnect())
    this.#watchPromiseHooks()
    const { getEnvironmentData, setEnvironmentData } = workers
    this.#before(workers, 'setEnvironmentData', (_, key) => {
      const value = getEnvironmentData(key as string)
      return () => setEnvironmentData(key as string, value)
    })
    const { setMaxIdleHTTPParsers } = http
    this.#before(http, 'setMaxIdleHTTPParsers', () => () => setMaxIdleHTTPParsers(DEFAULT_IDLE_PARSERS))
    this.#before(v8, 'setFlagsFromString', (_, flags) => this.#taint('v8-flags', String(flags)))
    for (const [id, object, name] of FINAL)
      this.#before(object as Functions, name, () => this.#taint('unrestorable-process', `${id} ${name}() was called`))
  }

  /** Before a builtin module is given out for the first time: some are loaded only then. */
  prepare(id: string, exports: object): void {
    if (id === 'node:inspector/promises') return this.prepare('node:inspector', loadBuiltin('node:inspector'))
    if (id !== 'node:inspector' || this.#prepared.has(id)) return
    this.#prepared.add(id)
    const { Session, close } = exports as { Session: { prototype: Functions }; close(): void }
    this.#before(Session.prototype, 'connect', (session) => () => (session as { disconnect(): void }).disconnect())
    this.#before(exports as Functions, 'open', () => close)
  }

  /** Undoes what was done since the last time; what test code keeps from being undone is left for `restore`. */
  undo(): void {
    const left: (() => void)[] = []
    for (const undo of this.#undo.splice(0).reverse()) {
      try {
        undo()
      } catch {
        left.unshift(undo)
      }
    }
    this.#undo.push(...left)
  }

  /** When the objects are back. @param given builtin modules that the file has got */
  restore(given: ReadonlySet<string>): Taint[] {
    for (const undo of this.#undo.splice(0).reverse()) undo()
    const taints = this.#taints.splice(0)
    for (const [id, detail] of Object.entries(CHANGING)) if (given.has(id)) taints.push({ code: 'unrestorable-process', detail })
    const pending = this.#timeouts.splice(0)
    if (pending.length > 0) taints.push({ code: 'handle', detail: `${pending.length} AbortSignal.timeout() not over` })
    return taints
  }

  #taint(code: Taint['code'], detail: string): undefined {
    this.#taints.push({ code, detail })
  }

  /** A copy: async_hooks itself calls the functions of the original, and stops them when it is safe. */
  #watchPromiseHooks(): void {
    const promiseHooks = { ...v8.promiseHooks }
    Object.defineProperty(v8, 'promiseHooks', { ...Object.getOwnPropertyDescriptor(v8, 'promiseHooks'), value: promiseHooks })
    for (const name of ['createHook', 'onInit', 'onBefore', 'onAfter', 'onSettled'] as const)
      this.#after(promiseHooks, name, (stop: () => void) => stop())
  }

  #watchChannels(): void {
    const { prototype } = diagnostics.Channel
    const { unsubscribe } = diagnostics
    this.#before(
      diagnostics,
      'subscribe',
      (_, name, subscriber) => () => void unsubscribe(name as string, subscriber as () => void),
    )
    this.#before(
      prototype,
      'subscribe',
      (channel, subscriber) => () => void (channel as Channel).unsubscribe(subscriber as () => void),
    )
    this.#before(prototype, 'bindStore', (channel, store) => () => void (channel as Channel).unbindStore(store as never))
  }

  /** `read` is called before the function, with its `this` and arguments. @returns how to undo it, if it has to be */
  #before<T extends object>(
    object: T,
    name: keyof T & string,
    read: (self: unknown, ...args: unknown[]) => (() => void) | undefined,
  ): void {
    wrap(object as Functions, name, (original, self, args) => {
      const undo = read(self, ...args)
      const result = Reflect.apply(original, self, args) as unknown
      if (undo) this.#undo.push(undo)
      return result
    })
  }

  /** `end` gets what the function returned when the file is over. */
  #after<T extends object>(object: T, name: keyof T & string, end: (result: never) => void): void {
    wrap(object as Functions, name, (original, self, args) => {
      const result = Reflect.apply(original, self, args) as never
      this.#undo.push(() => end(result))
      return result
    })
  }
}

/** Keeps name, length and the attributes of the property; does nothing where this Node has no such function. */
function wrap(
  object: Functions,
  name: string,
  call: (original: Functions[string], self: unknown, args: unknown[]) => unknown,
): void {
  const descriptor = Object.getOwnPropertyDescriptor(object, name)
  if (typeof descriptor?.value !== 'function') return
  const original = descriptor.value as Functions[string]
  const { value } = {
    value(this: unknown, ...args: unknown[]) {
      return call(original, this, args)
    },
  }
  for (const key of ['name', 'length']) Object.defineProperty(value, key, Object.getOwnPropertyDescriptor(original, key)!)
  Object.defineProperty(object, name, { ...descriptor, value })
}
