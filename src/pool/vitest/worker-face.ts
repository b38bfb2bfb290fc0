import { EventEmitter } from 'node:events'
import type { PoolWorker, WorkerRequest } from 'vitest/node'

/** What Vitest sees of every worker of ours, whoever runs its files; nothing is started before there is something to run. */
export abstract class WorkerFace implements PoolWorker {
  readonly name = 'everwarm'
  readonly cacheFs = true
  readonly #events = new EventEmitter()

  abstract send(message: WorkerRequest): void
  abstract stop(): Promise<void>

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
    // Files are known only with the run request, and decide what it takes.
  }

  /** To Vitest. */
  protected up(message: unknown): void {
    this.#events.emit('message', message)
  }

  /** An error of the worker itself: Vitest gives up its files. Without a listener there is nobody left to tell. */
  protected fail(error: unknown): void {
    if (this.#events.listenerCount('error') > 0) this.#events.emit('error', error)
  }

  protected exited(...exit: unknown[]): void {
    this.#events.emit('exit', ...exit)
  }
}
