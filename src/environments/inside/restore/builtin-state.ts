import asyncHooks from 'node:async_hooks'
import diagnostics from 'node:diagnostics_channel'
import dns from 'node:dns'
import { EventEmitter } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import { performance } from 'node:perf_hooks'
import stream from 'node:stream'
import util from 'node:util'
import v8 from 'node:v8'
import { isDeepStrictEqual } from 'node:util'
import type { Taint } from '../../../contracts/host-wire.ts'

interface Setting {
  /** Compared only after files that got this module; null: after every file. */
  group: string | null
  read(): unknown
  write(value: never): void
}

/** Settings that builtin modules keep behind functions and accessors, where no comparison of properties sees them. */
const SETTINGS: Setting[] = [
  { group: null, read: () => globalThis.process, write: (value) => (globalThis.process = value) },
  { group: null, read: () => globalThis.Buffer, write: (value) => (globalThis.Buffer = value) },
  { group: null, read: () => EventEmitter.defaultMaxListeners, write: (value) => (EventEmitter.defaultMaxListeners = value) },
  { group: null, read: () => EventEmitter.captureRejections, write: (value) => (EventEmitter.captureRejections = value) },
  { group: null, read: () => ({ ...util.inspect.defaultOptions }), write: (value) => (util.inspect.defaultOptions = value) },
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

type Channel = ReturnType<typeof diagnostics.channel>
type Subscriber = Parameters<Channel['subscribe']>[0]

/**
 * State inside Node's own modules. What can be asked for is compared; what can't is listed as it is made:
 * the functions that make it are replaced once, before the modules are remembered.
 */
export class BuiltinState {
  readonly #settings = SETTINGS.map((setting) => ({ setting, value: setting.read() }))
  readonly #hooks: asyncHooks.AsyncHook[] = []
  readonly #subscriptions: [name: string | symbol, subscriber: Subscriber][] = []
  readonly #timeouts: { signal: AbortSignal; dueMs: number }[] = []
  readonly #stores: [channel: Channel, store: Parameters<Channel['bindStore']>[0]][] = []
  #flags: string | null = null
  /** What `executionAsyncResource()` gives outside of every resource: one object for the life of a process. */
  #topResource: Record<PropertyKey, unknown> | null = null

  constructor() {
    const { createHook, executionAsyncResource } = asyncHooks
    // no hook is active yet, so the callback of a promise has no resource of its own
    void Promise.resolve().then(() => (this.#topResource = executionAsyncResource() as Record<PropertyKey, unknown>))
    replace(asyncHooks, 'createHook', (options) => {
      const hook = createHook(options)
      this.#hooks.push(hook)
      return hook
    })
    const { subscribe } = diagnostics
    replace(diagnostics, 'subscribe', (name, subscriber) => {
      this.#subscriptions.push([name, subscriber])
      subscribe(name, subscriber)
    })
    const { prototype } = diagnostics.Channel
    const { subscribe: subscribeTo } = prototype
    const subscriptions = this.#subscriptions
    replace(prototype, 'subscribe', function (this: Channel, subscriber) {
      subscriptions.push([this.name, subscriber])
      return Reflect.apply(subscribeTo, this, [subscriber])
    })
    const { bindStore } = prototype
    const stores = this.#stores
    replace(prototype, 'bindStore', function (this: Channel, store, transform) {
      stores.push([this, store])
      return Reflect.apply(bindStore, this, [store, transform])
    })
    const { setFlagsFromString } = v8
    replace(v8, 'setFlagsFromString', (flags) => {
      this.#flags = flags
      setFlagsFromString(flags)
    })
    const { timeout } = AbortSignal
    replace(AbortSignal, 'timeout', (delayMs) => {
      const signal = Reflect.apply(timeout, AbortSignal, [delayMs]) as AbortSignal
      this.#timeouts.push({ signal, dueMs: delayMs })
      return signal
    })
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
    for (const hook of this.#hooks.splice(0)) hook.disable()
    for (const [name, subscriber] of this.#subscriptions.splice(0)) diagnostics.unsubscribe(name, subscriber)
    for (const [channel, store] of this.#stores.splice(0)) channel.unbindStore(store)
    if (this.#topResource) for (const key of Reflect.ownKeys(this.#topResource)) delete this.#topResource[key]
    if (given.has('node:perf_hooks') || performance.getEntries().length > 0) {
      performance.clearMarks()
      performance.clearMeasures()
      performance.clearResourceTimings()
    }
    if (this.#flags !== null) taints.push({ code: 'v8-flags', detail: this.#flags })
    const pending = this.#timeouts.splice(0).filter(({ signal }) => !signal.aborted)
    if (pending.length > 0) taints.push({ code: 'handle', detail: `${pending.length} AbortSignal.timeout() not over` })
    return taints
  }
}

/** Keeps name, length and the attributes of the property. */
function replace<T extends object, K extends keyof T>(object: T, key: K, value: T[K]): void {
  const descriptor = Object.getOwnPropertyDescriptor(object, key)!
  const original = descriptor.value as object
  for (const name of ['name', 'length']) Object.defineProperty(value, name, Object.getOwnPropertyDescriptor(original, name)!)
  Object.defineProperty(object, key, { ...descriptor, value })
}
