import { EventEmitter } from 'node:events'
import type { PoolOptions, PoolWorker, WorkerRequest } from 'vitest/node'
import { errorFromData } from '../../contracts/errors.ts'
import { stockFork } from './forks.ts'
import {
  answer,
  asForks,
  isAnswer,
  isRequest,
  isRpcAnswer,
  type RunRequest,
  type StartRequest,
  type WorkerAnswer,
} from './messages.ts'
import { projectFacts } from './profile.ts'
import type { Session } from './session.ts'
import { Attempt } from './attempt.ts'
import { openWorld, type World } from './world.ts'

/** Where the files of this worker run now. */
type Place = { at: 'nowhere' } | { at: 'world'; world: World } | { at: 'fork'; fork: PoolWorker }

/**
 * One worker as Vitest sees it: `start` costs nothing, a run request takes a warm host, `stop` gives it back.
 * Once a run was judged in a stock fork, the worker stays there.
 */
export class WarmWorker implements PoolWorker {
  readonly name = 'everwarm'
  readonly cacheFs = true
  readonly #options: PoolOptions
  readonly #session: Session
  readonly #events = new EventEmitter()
  #place: Place = { at: 'nowhere' }
  #start: StartRequest | undefined
  #attempt: Attempt | undefined
  #cancel: unknown

  constructor(options: PoolOptions, session: Session) {
    this.#options = options
    this.#session = session
  }

  on(event: string, callback: (...args: any[]) => void): void {
    this.#events.on(event, callback)
  }

  off(event: string, callback: (...args: any[]) => void): void {
    this.#events.off(event, callback)
  }

  deserialize(data: unknown): unknown {
    return data
  }

  async start(): Promise<void> {
    // Files are known only with the run request, and a file may have to go to a fork: no host is taken before.
  }

  send(message: WorkerRequest): void {
    if (isRequest(message)) return this.#request(message)
    if (isRpcAnswer(message) && this.#attempt?.swallows((message as { i: string }).i)) return
    if ((message as { m?: string }).m === 'onCancel') this.#cancel = message
    this.#down(message)
  }

  async stop(): Promise<void> {
    const place = this.#place
    this.#place = { at: 'nowhere' }
    this.#attempt?.drop()
    if (place.at === 'fork') await place.fork.stop()
    if (place.at === 'world') place.world.abandon('stopped by Vitest')
  }

  #request(message: WorkerRequest): void {
    switch (message.type) {
      case 'start':
        this.#start = asForks(message)
        return this.#up(answer('started'))
      case 'run':
      case 'collect':
        void this.#run(message).catch((error: unknown) => this.#fail(error))
        return
      case 'stop':
        return this.#stopWorker(message)
      case 'cancel':
        return this.#down(message)
    }
  }

  #stopWorker(message: WorkerRequest): void {
    const place = this.#place
    if (place.at === 'fork') return place.fork.send(message)
    if (place.at === 'nowhere') return this.#up(answer('stopped'))
    void place.world.end(message).then((stopped) => this.#up(stopped))
  }

  async #run(request: RunRequest): Promise<void> {
    if (this.#place.at === 'fork') return this.#down(request)
    const world = await this.#takeWorld()
    if (!world) return this.#runInFork(request)
    const attempt = this.#tryIn(world, request)
    const outcome = await Promise.race([
      attempt.finished.then((finish) => ({ kind: 'finished' as const, finish })),
      attempt.startFailed.then((error) => ({ kind: 'start-failed' as const, error })),
      world.gone.then((loss) => ({ kind: 'lost' as const, loss })),
    ])
    if (outcome.kind !== 'finished') {
      attempt.drop()
      world.abandon(outcome.kind)
      return this.#runInFork(request)
    }
    if (world.isOnce) void world.end()
    await attempt.replay()
    this.#up(outcome.finish)
  }

  async #takeWorld(): Promise<World | undefined> {
    if (this.#place.at === 'world') return this.#place.world
    const facts = projectFacts(this.#options, this.#session.settings.cacheDir)
    try {
      const isOnce = this.#options.project.config.isolate
      const world = await openWorld(this.#session.keeper, facts, isOnce)
      world.send(this.#start)
      this.#place = { at: 'world', world }
      return world
    } catch (cause) {
      const error = errorFromData(cause)
      this.#session.say(`not used: ${error.message}${error.hint ? ` ${error.hint}` : ''}`)
      return undefined
    }
  }

  #tryIn(world: World, request: RunRequest): Attempt {
    const { outputStream, errorStream } = this.#options.project.vitest.logger
    const attempt = new Attempt({
      up: (message) => this.#up(message),
      down: (message) => world.send(message),
      output: (fd, chunk) => (fd === 1 ? outputStream : errorStream).write(chunk),
    })
    this.#attempt = attempt
    world.tenant = attempt
    world.send(request)
    if (this.#cancel) world.send(this.#cancel)
    return attempt
  }

  async #runInFork(request: RunRequest): Promise<void> {
    const fork = await stockFork(this.#options)
    this.#place = { at: 'fork', fork }
    this.#attempt = undefined
    await fork.start()
    const started = new Promise<WorkerAnswer>((resolve) =>
      fork.on('message', (message: unknown) => {
        if (isAnswer(message) && message.type === 'started') return resolve(message)
        this.#up(message)
      }),
    )
    fork.on('error', (error: unknown) => this.#fail(error))
    fork.on('exit', (code: unknown, signal: unknown) => void this.#events.emit('exit', code, signal))
    fork.send(this.#start as WorkerRequest)
    const { error } = await started
    if (error !== undefined) return this.#fail(error)
    fork.send(request)
    if (this.#cancel) fork.send(this.#cancel as WorkerRequest)
  }

  #up(message: unknown): void {
    this.#events.emit('message', message)
  }

  #down(message: unknown): void {
    const place = this.#place
    if (place.at === 'world') place.world.send(message)
    else if (place.at === 'fork') place.fork.send(message as WorkerRequest)
  }

  #fail(error: unknown): void {
    if (this.#events.listenerCount('error') > 0) this.#events.emit('error', error)
  }
}
