import { EventEmitter } from 'node:events'
import { relative } from 'node:path'
import type { PoolOptions, PoolWorker, WorkerRequest } from 'vitest/node'
import { EverwarmError } from '../../../contracts/errors.ts'
import type { Runtime } from '../../../environments/vms/binaries.ts'
import { WarmWorker } from '../pool-worker.ts'
import { answer, isRequest, type RunRequest, type StartRequest } from '../messages.ts'
import type { Session } from '../session.ts'
import { ChildWorker } from './child-worker.ts'
import { runtimeInFile, runtimeOfProject } from './option.ts'
import { reportInstead } from './report.ts'

/**
 * One worker as Vitest sees it, before it is known what its files ask for: the first run request decides who runs them,
 * a warm host, or a child of a runtime.
 */
export class RoutedWorker implements PoolWorker {
  readonly name = 'everwarm'
  readonly cacheFs = true
  readonly #options: PoolOptions
  readonly #session: Session
  readonly #events = new EventEmitter()
  #start: StartRequest | undefined
  #chosen: { worker: PoolWorker; runtime: Runtime | undefined } | undefined
  #early: WorkerRequest[] = []

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
    // Which files there are is said with the run request.
  }

  send(message: WorkerRequest): void {
    try {
      this.#route(message)
    } catch (error) {
      if (error instanceof EverwarmError) for (const told of reportInstead(error)) this.#events.emit('message', told)
      else if (this.#events.listenerCount('error') > 0) this.#events.emit('error', error)
    }
  }

  async stop(): Promise<void> {
    await this.#chosen?.worker.stop()
  }

  #route(message: WorkerRequest): void {
    if (isRequest(message) && (message.type === 'run' || message.type === 'collect')) return this.#choose(message).send(message)
    if (this.#chosen) return this.#chosen.worker.send(message)
    if (isRequest(message) && message.type === 'start') {
      this.#start = message
      return void this.#events.emit('message', answer('started'))
    }
    if (isRequest(message) && message.type === 'stop') return void this.#events.emit('message', answer('stopped'))
    this.#early.push(message)
  }

  /** @throws EverwarmError CONFIG_INVALID, ENVIRONMENT_UNAVAILABLE */
  #choose({ context }: RunRequest): PoolWorker {
    const ofProject = runtimeOfProject(this.#options.project.config)
    const wanted = new Set(context.files.map(({ filepath }) => runtimeInFile(filepath) ?? ofProject))
    const [runtime] = wanted
    const files = context.files.map(({ filepath }) => relative(process.cwd(), filepath)).join(', ')
    if (wanted.size > 1 || (this.#chosen && this.#chosen.runtime !== runtime)) throw mixed(files)
    if (this.#chosen) return this.#chosen.worker
    const worker = this.#open(runtime)
    this.#chosen = { worker, runtime }
    let isStarted = false
    worker.on('message', (message: unknown) => {
      // Vitest has heard of a start already.
      if (isStarted) this.#events.emit('message', message)
      isStarted = true
    })
    worker.on('error', (error: unknown) => {
      if (this.#events.listenerCount('error') > 0) this.#events.emit('error', error)
    })
    worker.on('exit', (...exit: unknown[]) => this.#events.emit('exit', ...exit))
    worker.send(this.#start!)
    for (const message of this.#early.splice(0)) worker.send(message)
    return worker
  }

  #open(runtime: Runtime | undefined): PoolWorker {
    if (runtime === undefined) return new WarmWorker(this.#options, this.#session)
    if (runtime === 'workerd') throw needsCloudflare()
    return new ChildWorker(this.#options, this.#session, runtime)
  }
}

function mixed(files: string): EverwarmError {
  return new EverwarmError('CONFIG_INVALID', {
    message: `${files} ask for different runtimes, and share one worker because \`isolate\` is off.`,
    hint: 'Put them into projects of their own, or leave `isolate` on.',
  })
}

function needsCloudflare(): EverwarmError {
  return new EverwarmError('ENVIRONMENT_UNAVAILABLE', {
    message: 'Files for workerd need the pool of @cloudflare/vitest-plugin, which the project of this file does not use.',
    hint: 'Put them into a project of their own with its plugin; docs/runtimes.md shows it.',
  })
}
