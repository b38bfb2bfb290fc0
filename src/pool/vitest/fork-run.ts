import type { PoolOptions, PoolWorker, WorkerRequest } from 'vitest/node'
import { stockWorker } from './forks.ts'
import { stockPoolOf } from './stock-pool.ts'
import { isAnswer, isCall, type RunRequest, type StartRequest, type WorkerAnswer } from './messages.ts'
import { Verdict } from './verdict.ts'

export interface ForkPorts {
  /** To Vitest. */
  up(message: unknown): void
  error(error: unknown): void
  exit(code: number | null, signal: string | null): void
}

/** A stock fork in the place of a warm host: all that it says goes to Vitest at once. */
export class ForkPlace {
  readonly #worker: PoolWorker
  readonly #ports: ForkPorts
  /** Its process has ended. */
  isGone = false
  #verdict = new Verdict()
  #onFinish: ((failure: ReturnType<Verdict['failure']>, verdict: Verdict) => void) | undefined
  /** Ids of files that Vitest knows to be queued from the run in a host. */
  #announced: ReadonlySet<string> = new Set()

  private constructor(worker: PoolWorker, ports: ForkPorts) {
    this.#worker = worker
    this.#ports = ports
  }

  /** A process that has not been told anything yet. */
  static async open(options: PoolOptions, ports: ForkPorts): Promise<ForkPlace> {
    const worker = await stockWorker(options, stockPoolOf(options.project.config))
    await worker.start()
    return new ForkPlace(worker, ports)
  }

  /**
   * To load its environment it may ask Vitest, whose answers must reach it by `send` meanwhile.
   * Rejects with the error of the worker's own start.
   */
  async begin(start: StartRequest): Promise<void> {
    const worker = this.#worker
    const ports = this.#ports
    const { promise: started, resolve, reject } = Promise.withResolvers<WorkerAnswer>()
    let isStarted = false
    worker.on('exit', (code: number | null, signal: string | null) => {
      this.isGone = true
      if (isStarted) ports.exit(code, signal)
      else reject(new Error(`The worker ended at its start (${String(signal ?? code)}).`))
    })
    worker.on('error', (error: unknown) => (isStarted ? ports.error(error) : reject(error)))
    worker.on('message', (message: unknown) => {
      if (isAnswer(message) && message.type === 'started') resolve(message)
      else this.#receive(message)
    })
    worker.send(start)
    const { error } = await started
    isStarted = true
    if (error !== undefined) throw error
  }

  /** @param onFinish called before Vitest hears that the run is over */
  run(
    request: RunRequest,
    announced: ReadonlySet<string>,
    onFinish: (failure: ReturnType<Verdict['failure']>, verdict: Verdict) => void,
  ): void {
    this.#verdict = new Verdict()
    this.#announced = announced
    this.#onFinish = onFinish
    this.#worker.send(request)
  }

  send(message: unknown): void {
    this.#worker.send(message as WorkerRequest)
  }

  /** Full names; what its worker could not report any more is not among them. */
  runningTests(): string[] {
    return this.#verdict.running().map(({ name }) => name)
  }

  stop(): Promise<void> {
    return this.#worker.stop()
  }

  #receive(message: unknown): void {
    if (isCall(message)) {
      this.#verdict.observe(message)
      if (message.m === 'onQueued' && this.#announced.has((message.a[0] as { id: string }).id)) {
        // A second announcement would show the file twice in reporters that print it.
        return this.send({ t: 's', i: message.i })
      }
    } else if (isAnswer(message) && message.type === 'testfileFinished') {
      this.#onFinish?.(this.#verdict.failure(message.error), this.#verdict)
    }
    this.#ports.up(message)
  }
}
