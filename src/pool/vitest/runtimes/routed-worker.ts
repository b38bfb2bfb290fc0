import { relative } from 'node:path'
import type { PoolOptions, PoolWorker, WorkerRequest } from 'vitest/node'
import { EverwarmError } from '../../../contracts/errors.ts'
import type { Runtime } from '../../../environments/vms/runtime-names.ts'
import { reportInstead } from '../crash-report.ts'
import { WarmWorker } from '../pool-worker.ts'
import { answer, isRequest, type RunRequest, type StartRequest } from '../messages.ts'
import type { Session } from '../session.ts'
import { WorkerFace } from '../worker-face.ts'
import { runtimeInFile, runtimeOfProject } from './option.ts'

/**
 * One worker as Vitest sees it, before it is known what its files ask for: the first run request decides who runs them,
 * a warm host, or a child of a runtime.
 */
export class RoutedWorker extends WorkerFace {
  readonly #options: PoolOptions
  readonly #session: Session
  #start: StartRequest | undefined
  #chosen: { runtime: Runtime | undefined; worker: PoolWorker | undefined } | undefined
  /** What comes before there is a worker to hear it. */
  #early: WorkerRequest[] = []
  #isStopped = false

  constructor(options: PoolOptions, session: Session) {
    super()
    this.#options = options
    this.#session = session
  }

  send(message: WorkerRequest): void {
    try {
      this.#route(message)
    } catch (error) {
      this.fail(error)
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#chosen?.worker?.stop()
  }

  #route(message: WorkerRequest): void {
    if (isRequest(message) && (message.type === 'run' || message.type === 'collect')) this.#choose(message)
    const worker = this.#chosen?.worker
    if (worker) return worker.send(message)
    if (isRequest(message) && message.type === 'start') {
      this.#start = message
      return this.up(answer('started'))
    }
    if (isRequest(message) && message.type === 'stop') return this.up(answer('stopped'))
    this.#early.push(message)
  }

  /** @throws EverwarmError CONFIG_INVALID, ENVIRONMENT_UNAVAILABLE */
  #choose({ context }: RunRequest): void {
    const ofProject = runtimeOfProject(this.#options.project.config)
    const wanted = new Set(context.files.map(({ filepath }) => runtimeInFile(filepath) ?? ofProject))
    const [runtime] = wanted
    const files = context.files.map(({ filepath }) => relative(process.cwd(), filepath)).join(', ')
    if (wanted.size > 1 || (this.#chosen && this.#chosen.runtime !== runtime)) throw mixed(files)
    if (this.#chosen) return
    if (runtime === 'workerd') throw needsCloudflare()
    this.#chosen = { runtime, worker: undefined }
    if (runtime === undefined) this.#use(new WarmWorker(this.#options, this.#session))
    // Most runs have no use for what it loads.
    else
      import('./child-worker.ts')
        .then(({ ChildWorker }) => this.#isStopped || this.#use(new ChildWorker(this.#options, this.#session, runtime)))
        .catch((error: unknown) => this.fail(error))
  }

  #use(worker: PoolWorker): void {
    this.#chosen!.worker = worker
    let isStarted = false
    worker.on('message', (message: unknown) => {
      // Vitest has heard of a start already.
      if (isStarted) this.up(message)
      isStarted = true
    })
    worker.on('error', (error: unknown) => super.fail(error))
    worker.on('exit', (...exit: unknown[]) => this.exited(...exit))
    worker.send(this.#start!)
    for (const message of this.#early.splice(0)) worker.send(message)
  }

  protected override fail(error: unknown): void {
    if (error instanceof EverwarmError) for (const told of reportInstead(error)) this.up(told)
    else super.fail(error)
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
