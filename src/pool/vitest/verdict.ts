import { createHash } from 'node:crypto'
import type { RpcCall } from './messages.ts'

/** The parts of Vitest's tasks that are read here. */
export interface TaskData {
  id: string
  type: 'suite' | 'test'
  name: string
  mode: string
  filepath?: string
  timeout?: number
  retry?: number | { count?: number }
  repeats?: number
  tasks?: TaskData[]
  result?: TaskResultData | undefined
  meta?: unknown
  environmentLoad?: number
  prepareDuration?: number
  setupDuration?: number
  collectDuration?: number
}

export interface TaskResultData {
  state: string
  duration?: number
  startTime?: number
  errors?: { message?: unknown; name?: unknown }[]
}

/** For a test without a timeout of its own. */
const UNLIMITED_MS = 600_000

export interface Failure {
  /** Full names of what failed, `suite > test`; a file by its path, an unhandled error by its kind. */
  names: string[]
  /** First line of the first message: for people. */
  summary: string
  /** Equal for the very same failures with the very same messages. */
  digest: string
}

/** Follows the calls of one run and knows at any time what has failed so far. */
export class Verdict {
  readonly tasks = new Map<string, { task: TaskData; name: string; result: TaskResultData | undefined }>()
  readonly files: TaskData[] = []
  readonly #loose: { name: string; message: string }[] = []

  observe(call: RpcCall): void {
    switch (call.m) {
      case 'onCollected':
        for (const file of call.a[0] as TaskData[]) {
          this.files.push(file)
          this.#add(file, '')
        }
        return
      case 'onTaskUpdate':
        for (const [id, result] of call.a[0] as [string, TaskResultData | undefined][]) {
          const known = this.tasks.get(id)
          if (known) known.result = result
        }
        return
      case 'onUnhandledError':
        this.#loose.push({ name: String(call.a[1]), message: messageOf(call.a[0]) })
        return
      case 'onAsyncLeaks':
        this.#loose.push({ name: 'Async Leak', message: String((call.a[0] as unknown[]).length) })
        return
    }
  }

  /** @param runError the error of `testfileFinished`, if it has one */
  failure(runError?: unknown): Failure | undefined {
    const failed: [name: string, message: string][] = this.#loose.map(({ name, message }) => [name, message])
    if (runError !== undefined) failed.push(['Test Run Error', messageOf(runError)])
    for (const { name, result } of this.tasks.values()) {
      if (result?.state !== 'fail') continue
      const messages = (result.errors ?? []).map(messageOf)
      failed.push([name, messages.join('\n')])
    }
    if (failed.length === 0) return undefined
    failed.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    const told = failed.find(([, message]) => message !== '') ?? failed[0]!
    return {
      names: failed.map(([name]) => name),
      summary: `${told[0]}: ${told[1].split('\n', 1)[0]}`.slice(0, 300),
      digest: createHash('sha1').update(JSON.stringify(failed)).digest('hex'),
    }
  }

  /** Tests that were begun and not ended, as far as it was reported: Vitest's worker gathers its updates for 100 ms. */
  running(): { id: string; name: string }[] {
    return [...this.tasks].flatMap(([id, { task, name, result }]) =>
      task.type === 'test' && result?.state === 'run' ? [{ id, name }] : [],
    )
  }

  /** Whether nothing failed but whole files, each with nothing but one of these messages. */
  hasOnlyFileErrors(messages: ReadonlySet<string>): boolean {
    if (this.#loose.length > 0) return false
    return [...this.tasks.values()].every(({ task, result }) => {
      if (result?.state !== 'fail') return true
      const errors = result.errors ?? []
      return task.filepath !== undefined && errors.length > 0 && errors.every((error) => messages.has(String(error.message)))
    })
  }

  /** What all collected tests may take together by their own timeouts, retries included, ms; 0 before they are collected. */
  allTimeoutsMs(): number {
    let sum = 0
    for (const { task } of this.tasks.values()) {
      if (task.type !== 'test' || task.mode === 'skip' || task.mode === 'todo') continue
      const retries = typeof task.retry === 'number' ? task.retry : (task.retry?.count ?? 0)
      sum += (task.timeout || UNLIMITED_MS) * (1 + retries) * (1 + (task.repeats ?? 0))
    }
    return sum
  }

  #add(task: TaskData, path: string): void {
    const name = path === '' ? task.name : `${path} > ${task.name}`
    this.tasks.set(task.id, { task, name, result: task.result })
    for (const child of task.tasks ?? []) this.#add(child, task.filepath ? '' : name)
  }
}

function messageOf(error: unknown): string {
  const { name, message } = (error ?? {}) as { name?: unknown; message?: unknown }
  return message === undefined ? String(error) : `${String(name)}: ${String(message)}`
}
