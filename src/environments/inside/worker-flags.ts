import process from 'node:process'
import workers from 'node:worker_threads'

/**
 * Threads that test code starts inherit the flags this process was spawned with, those of hosts included: they get what
 * test code sees in `process.execArgv`. Called once, before `node:worker_threads` is remembered.
 */
export function hideHostFlagsFromWorkers(): void {
  const { Worker } = workers
  const guarded = new Proxy(Worker, {
    construct(target, [file, options, ...rest]: [unknown, workers.WorkerOptions | undefined, ...unknown[]], newTarget) {
      const asGiven = () => Reflect.construct(target, [file, options, ...rest], newTarget) as object
      if (options?.execArgv !== undefined) return asGiven()
      try {
        return Reflect.construct(target, [file, { ...options, execArgv: process.execArgv }], newTarget) as object
      } catch (error) {
        // flags of V8 can be inherited, but not be given to a thread
        if ((error as NodeJS.ErrnoException).code === 'ERR_WORKER_INVALID_EXEC_ARGV') return asGiven()
        throw error
      }
    },
  })
  Object.defineProperty(Worker.prototype, 'constructor', { value: guarded, configurable: true, writable: true })
  Object.defineProperty(workers, 'Worker', { ...Object.getOwnPropertyDescriptor(workers, 'Worker'), value: guarded })
}
