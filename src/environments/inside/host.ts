import { AsyncLocalStorage } from 'node:async_hooks'
import { createServer, type Socket } from 'node:net'
// by import, as everywhere in this process: test code may replace the global
import process from 'node:process'
import { serialize } from 'node:v8'
import type { DaemonToHost, FromHost, HostToDaemon, Taint, ToHost, WorldReport } from '../../contracts/host-wire.ts'
import { frameSocket, type FrameSocket } from '../../system/frames.ts'
import { HostState } from './host-state.ts'
import { LastWords } from './last-words.ts'
import { Ledger } from './ledger.ts'
import { Outbox } from './outbox.ts'
import { plainCopy } from './plain-copy.ts'
import { whenSettled } from './settle.ts'
import { World, type WorldOptions } from './world.ts'

// Test code may replace any of these while a file runs.
const kill = process.kill.bind(process, process.pid, 'SIGKILL')
const sendToDaemon = process.send!.bind(process) as (message: HostToDaemon) => void
const { setImmediate, setTimeout, clearTimeout } = globalThis
const { nextTick } = process
/** Calls a function in the async context of the host itself: what a file entered must not be around the next one. */
const inOwnContext = AsyncLocalStorage.snapshot()
const now = performance.now.bind(performance)
const writers = { 1: process.stdout.write.bind(process.stdout), 2: process.stderr.write.bind(process.stderr) } as const

/** A lease's token comes by way of the daemon, and may come after its holder. */
const TOKEN_WAIT_MS = 2_000

/** The parts of Vitest's message that are read here. */
interface StartMessage {
  type?: string
  context?: { environment?: { name: string }; config?: { coverage?: { enabled?: boolean; provider?: string } } }
}

type Begin = Extract<ToHost, { kind: 'begin' }>
type ForWorld = Extract<ToHost, { kind: 'vitest' | 'asked' }>
const isForWorld = (message: ToHost): message is ForWorld => message.kind === 'vitest' || message.kind === 'asked'

/** The process in which test files run, one world after the other. Serves one connection at a time. */
class Host {
  readonly #state: HostState
  readonly #tokens = new Set<string>()
  #connection: FrameSocket | null = null
  /** Connections that are not admitted yet, with what they have said. */
  readonly #strangers = new Map<FrameSocket, ToHost[]>()
  #world: { id: number; world: World; isOnce: boolean; isStopping: boolean } | null = null
  readonly #queue: ToHost[] = []
  #isBusy = false
  readonly #ledger = new Ledger(sendToDaemon)
  readonly #outbox = new Outbox()
  readonly #lastWords: LastWords
  #stray: Taint | null = null
  readonly #putWriteBack: (() => boolean)[] = []

  constructor(state: HostState) {
    this.#state = state
    this.#lastWords = new LastWords(state.boot.address, () => this.#outbox.takeUnsent())
    for (const fd of [1, 2] as const) this.#interceptOutput(fd)
  }

  get sizes(): { rssBytes: number; heapBytes: number } {
    return this.#ledger.sizes
  }

  expect(token: string): void {
    this.#tokens.add(token)
    this.#admit()
  }

  listen(address: string): Promise<void> {
    const server = createServer((socket) => this.#accept(socket))
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(address, () => resolve())
    })
  }

  #accept(socket: Socket): void {
    const connection = frameSocket(socket)
    const deadline = setTimeout(() => connection !== this.#connection && socket.destroy(), TOKEN_WAIT_MS)
    connection.onFrame((frame) => {
      const message = frame as ToHost
      if (connection === this.#connection) return this.#receive(message)
      const waiting = this.#strangers.get(connection)
      if (waiting) return void waiting.push(message)
      if (message.kind !== 'open') return void socket.destroy()
      this.#strangers.set(connection, [message])
      this.#admit()
    })
    connection.onClose(() => {
      clearTimeout(deadline)
      this.#strangers.delete(connection)
      if (connection !== this.#connection) return
      this.#connection = null
      this.#outbox.connect(null)
      this.#ledger.settle()
      // nobody is left to hear the result: what still runs must not go on
      if (this.#world || this.#isBusy) kill()
      this.#admit()
    })
  }

  /** Lets in who has shown a token that is known, once the holder before is gone. */
  #admit(): void {
    for (const [connection, [open, ...rest]] of this.#strangers) {
      if (this.#connection !== null) return
      if (open?.kind !== 'open' || !this.#tokens.delete(open.token)) continue
      this.#strangers.delete(connection)
      this.#connection = connection
      this.#outbox.connect(connection)
      for (const message of rest) this.#receive(message)
    }
  }

  #receive(message: ToHost): void {
    if (message.kind === 'ping') this.#outbox.send({ kind: 'pong', n: message.n })
    else if (isForWorld(message) && this.#world?.id === message.world) this.#pass(message)
    else {
      this.#queue.push(message)
      if (!this.#isBusy && !this.#world) void this.#next()
    }
  }

  /** Begins the next world; messages of worlds that are gone are dropped. */
  async #next(): Promise<void> {
    for (let message = this.#queue.shift(); message; message = this.#queue.shift()) {
      if (message.kind !== 'begin') continue
      await this.#begin(message)
      return
    }
  }

  async #begin(begin: Begin): Promise<void> {
    this.#isBusy = true
    watchBetweenWorlds(null)
    const { world: id, isOnce } = begin
    const state = this.#state
    // its holder takes another host when this one goes without a word
    if (!state.begin(begin.env, begin.cwd, begin.runId)) return void kill()
    const { boot, graph, compiler, fetches } = state
    const options: WorldOptions = {
      pool: begin.pool,
      graph,
      compiler,
      fetches,
      vitestPackage: boot.vitestPackage,
      vm: state.inlined.vm,
      lastWords: this.#lastWords,
      onBuiltin: (builtin) => state.rememberBuiltin(builtin),
      send: (message, isUrgent) => this.#fromWorld(id, message, isUrgent),
      onUnfit: (reason) => this.#outbox.send({ kind: 'unfit', world: id, reason }),
      // a host that can't put itself in order is no host any more
      onStopped: () => inOwnContext(() => setImmediate(() => void this.#end(id).catch(kill))),
    }
    const world = begin.pool === 'forks' ? new World(options) : state.contexts.newWorld(options, begin.runId)
    this.#world = { id, world, isOnce, isStopping: false }
    state.giveBuiltin = (builtin) => world.giveBuiltin(builtin)
    this.#isBusy = false
    // what came for this world while the one before was being put away
    const early = this.#queue.filter(isForWorld).filter((message) => message.world === id)
    this.#queue.splice(0, this.#queue.length, ...this.#queue.filter((message) => !early.includes(message as ForWorld)))
    for (const message of early) this.#pass(message)
    try {
      await world.open()
    } catch (error) {
      const reason =
        error instanceof Error ? { name: error.name, message: error.message, stack: error.stack } : { message: String(error) }
      this.#outbox.send({
        kind: 'vitest',
        world: id,
        message: { __vitest_worker_response__: true, type: 'started', error: reason },
      })
      await this.#end(id, { code: 'changed-module', detail: `the runtime did not load: ${reason.message}` })
    }
  }

  #pass(message: ForWorld): void {
    if (message.kind === 'vitest') this.#deliver(message.message)
    else this.#world!.world.expect(message.id, message.method, message.args)
  }

  #deliver(said: unknown): void {
    const current = this.#world!
    // answers to its calls are not kept, nor is anything hung on them
    const message = isAnswer(said) ? said : plainCopy(said)
    const { type, context } = message as StartMessage
    if (type === 'stop') {
      if (current.isStopping) return
      current.isStopping = true
    }
    const environment = type === 'start' ? context?.environment?.name : undefined
    if (type === 'start') {
      const coverage = context?.config?.coverage
      const isCounting = coverage?.enabled === true && coverage.provider !== 'istanbul'
      this.#state.inlined.isKeeping = !isCounting
      current.world.isCounting = isCounting
    }
    if (environment && this.#state.needsSharing(environment))
      void this.#state.share(environment).then(() => current.world.deliver(message))
    else current.world.deliver(message)
  }

  #fromWorld(id: number, said: unknown, isUrgent: boolean): void {
    const current = this.#world
    if (current?.id !== id) return
    const message = plainCopy(said)
    const frame: FromHost = { kind: 'vitest', world: id, message }
    this.#outbox.hold(isUrgent ? frame : serialize(frame))
    const { __vitest_worker_response__: isResponse, type } = message as { __vitest_worker_response__?: true; type?: string }
    if (isResponse && type === 'testfileFinished' && current.isOnce && !current.isStopping) {
      // its holder waits for the end of the world anyway: all of it goes out in one write
      current.isStopping = true
      whenSettled(() => current.world.deliver({ __vitest_worker_request__: true, type: 'stop' }))
      this.#outbox.flushSoon()
    } else if (isUrgent && !(current.isOnce && type === 'stopped')) this.#outbox.flush()
    else this.#outbox.flushSoon()
  }

  async #end(id: number, failure?: Taint): Promise<void> {
    if (this.#world?.id !== id) return
    this.#isBusy = true
    await this.#putAway(this.#world.world, id, failure)
    // not before nothing holds the world any more, this stack included
    await this.#state.keepSmall()
    this.#isBusy = false
    await this.#next()
    if (!this.#world) this.#state.whenIdle(() => this.#ledger.settle())
  }

  async #putAway(world: World, id: number, failure?: Taint): Promise<void> {
    const startedMs = now()
    // promises that settle in this turn still belong to the file
    await new Promise<void>((resolve) => setImmediate(resolve))
    world.close()
    const taints = [...world.taints, ...this.#restore(world.givenBuiltins), ...(failure ? [failure] : [])]
    if (this.#stray) taints.push(this.#stray)
    this.#stray = null
    if (!this.#putWriteBack.every((put) => put()))
      taints.push({ code: 'unrestorable-process', detail: "process.stdout.write can't be set back" })
    this.#world = null
    this.#state.giveBuiltin = null
    // this process is not asked again: what it compiled is kept now or never
    if (taints.length > 0) this.#state.savePack()
    this.#ledger.count(taints)
    const { sizes, worlds } = this.#ledger
    const report: WorldReport = { taints, restoreMs: now() - startedMs, ...sizes, worlds, pristine: worlds === 1 }
    watchBetweenWorlds((taint) => (this.#stray = taint))
    this.#outbox.send({ kind: 'restored', world: id, report })
  }

  /** What test code has done to the process must not keep the host from saying so. */
  #restore(given: ReadonlySet<string>): Taint[] {
    try {
      return this.#state.restore(given)
    } catch (error) {
      return [{ code: 'unrestorable-process', detail: `restoring failed: ${String(error)}` }]
    }
  }

  /** Output of test code goes to the holder of the lease; the host's own and that of its children takes the pipe. */
  #interceptOutput(fd: 1 | 2): void {
    const stream = fd === 1 ? process.stdout : process.stderr
    const write = (chunk: string | Uint8Array, encoding?: unknown, callback?: unknown): boolean => {
      const done = typeof encoding === 'function' ? encoding : callback
      const current = this.#world
      if (!current || !this.#connection) return writers[fd](chunk as string, encoding as never, callback as never)
      this.#outbox.hold(serialize({ kind: 'output', world: current.id, fd, chunk } satisfies FromHost))
      this.#outbox.flushSoon()
      if (typeof done === 'function') nextTick(done as () => void)
      return true
    }
    const descriptor = { value: write, configurable: true, writable: true, enumerable: false }
    Object.defineProperty(stream, 'write', descriptor)
    this.#putWriteBack.push(() => Reflect.defineProperty(stream, 'write', descriptor))
  }
}

/** Of Vitest's birpc: to a call of the world. */
const isAnswer = (message: unknown) => (message as { t?: unknown }).t === 's'

const strayEvents = ['uncaughtException', 'unhandledRejection'] as const
let strayListener: ((error: unknown) => void) | null = null

/** Between two files nobody listens for errors: what comes then was left by the file before. */
function watchBetweenWorlds(report: ((taint: Taint) => void) | null): void {
  if (strayListener) for (const event of strayEvents) process.off(event, strayListener)
  strayListener =
    report && ((error) => report({ code: 'stray-rejection', detail: String(error instanceof Error ? error.message : error) }))
  if (strayListener) for (const event of strayEvents) process.on(event, strayListener)
}

process.on('disconnect', kill)
// As Vitest's own worker has one: what a test emits itself must not end the process.
process.on('error', () => {})
process.once('message', (first: DaemonToHost) => {
  if (first.kind !== 'boot') return kill()
  void start(first)
})

async function start(boot: Extract<DaemonToHost, { kind: 'boot' }>): Promise<void> {
  // a listener that stays: its place in the list of listeners is part of the pristine state
  let host: Host | null = null
  const early: DaemonToHost[] = []
  process.on('message', (message: DaemonToHost) => {
    if (message.kind !== 'expect') return
    if (host) host.expect(message.token)
    else early.push(message)
  })
  try {
    const state = new HostState(boot)
    host = new Host(state)
    for (const message of early) if (message.kind === 'expect') host.expect(message.token)
    for (const environment of boot.preload) await state.share(environment)
    await host.listen(boot.address)
    sendToDaemon({ kind: 'ready', ...host.sizes })
  } catch (error) {
    sendToDaemon({ kind: 'boot-failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
}
