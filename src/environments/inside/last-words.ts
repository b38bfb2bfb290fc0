import fs from 'node:fs'
import { serialize } from 'node:v8'
import { type Doing, type FromHost, type LastWord, lastWordsPath } from '../../contracts/host-wire.ts'

// Test code may replace them.
const { openSync, writeSync } = fs
const { stringify } = JSON
const { isArray } = Array
const { keys } = Object

/** The parts of Vitest's tasks that are read here. */
interface Task {
  id: string
  type: 'test' | 'suite'
  mode?: string
  /** `duration` is set when a test is over, after its retries and hooks. */
  result?: { state: string; duration?: number; errors?: unknown[]; attempts?: { errors?: unknown[] }[] } | undefined
  meta?: unknown
  /** Of a suite. */
  tasks?: Task[]
}

/** Vitest's worker state: its runner sets `current` before a test, and before and after the hooks of a suite. */
export interface RunnerState {
  current?: Task | undefined
}

/** The parts of Vitest's requests that are read here. */
export interface RunnerRequest {
  type?: string
  context?: { config?: { setupFiles?: string[] }; files?: { filepath: string }[] }
}

interface Loader {
  runInThisContext(code: string, options?: { filename?: string } | string): unknown
}

const LENGTH_BYTES = 4
const PAGE_BYTES = 16 * 1024

/**
 * Notes what test code is about to run, in a file: a system call of some µs, where a message would wake up its reader.
 * Records: 4 bytes of length (big endian), then a `LastWord` as JSON or by `v8.serialize`; a length of 0 is the end.
 */
export class LastWords {
  readonly #waiting: () => Pick<LastWord, 'sent' | 'frames'>
  #fd: number | null = null
  #at = 0
  /** Where records are put together: an allocation for each would cost as much as the rest. */
  readonly #page = Buffer.alloc(PAGE_BYTES)
  readonly #entries = new Map<string, 'setup file' | 'test file'>()
  /** Tests that were begun and whose end was not noted yet. */
  readonly #begun = new Set<Task>()

  readonly #encode: (word: LastWord) => Buffer

  /**
   * @param waiting frames that have not left this process and are in no word yet
   * @param encode for words that JSON would not carry whole
   */
  constructor(address: string, waiting: () => Pick<LastWord, 'sent' | 'frames'>, encode = serialized) {
    this.#waiting = waiting
    this.#encode = encode
    const path = lastWordsPath(address)
    try {
      if (path !== null) this.#fd = openSync(path, 'w', 0o600)
    } catch {
      // A full disk costs the name of a test that hangs, not the host.
    }
  }

  /** Before Vitest's worker gets it: a `run` begins an empty page. */
  expect({ type, context }: RunnerRequest): void {
    if (type === 'start') {
      this.#entries.clear()
      for (const path of context?.config?.setupFiles ?? []) this.#entries.set(path, 'setup file')
    }
    if (type !== 'run' && type !== 'collect') return
    for (const { filepath } of context?.files ?? []) this.#entries.set(filepath, 'test file')
    this.#begun.clear()
    this.#at = 0
    this.#page.writeUInt32BE(0, 0)
    this.#write(this.#page, LENGTH_BYTES)
  }

  /** The loader of Vitest's module evaluator, which is called before each module. */
  watchLoading<L extends object>(loader: L): L {
    const { runInThisContext } = loader as L & Loader
    return {
      ...loader,
      runInThisContext: (code: string, options?: { filename?: string } | string) => {
        const path = typeof options === 'string' ? options : options?.filename
        if (path !== undefined) this.noteLoading(path)
        return runInThisContext(code, options)
      },
    }
  }

  /** A module is about to run. */
  noteLoading(path: string): void {
    const what = this.#entries.get(path)
    if (what !== undefined) this.#note({ kind: 'loading', what, path })
  }

  watchRunner(state: RunnerState): void {
    let current = state.current
    Object.defineProperty(state, 'current', {
      configurable: true,
      enumerable: true,
      get: () => current,
      set: (task: Task | undefined) => {
        current = task
        this.#turnTo(task)
      },
    })
  }

  #turnTo(task: Task | undefined): void {
    if (task?.type === 'test') this.#begun.add(task)
    else if (task && !mayRunHooks(task)) return
    this.#note(task ? { kind: task.type, id: task.id } : { kind: 'ending' })
  }

  #note(doing: Doing): void {
    if (this.#fd === null) return
    const { sent, frames } = this.#waiting()
    const isShort = frames.length === 0 && [...this.#begun].every(isSimple)
    const word: LastWord = { sent, frames, ended: this.#ended(), doing }
    const page = this.#page
    const jsonBytes = isShort ? page.write(stringify(word), LENGTH_BYTES) : 0
    if (jsonBytes > 0 && jsonBytes < PAGE_BYTES / 2) return this.#append(page, jsonBytes)
    const body = this.#encode(word)
    this.#append(Buffer.concat([page.subarray(0, LENGTH_BYTES), body, page.subarray(0, LENGTH_BYTES)]), body.length)
  }

  /** @param record room for a length, the body, and room for another length */
  #append(record: Buffer, bodyBytes: number): void {
    record.writeUInt32BE(bodyBytes, 0)
    record.writeUInt32BE(0, LENGTH_BYTES + bodyBytes)
    this.#write(record, LENGTH_BYTES + bodyBytes + LENGTH_BYTES)
    this.#at += LENGTH_BYTES + bodyBytes
  }

  #ended(): LastWord['ended'] {
    const ended: LastWord['ended'] = []
    for (const task of this.#begun) {
      if (task.result?.duration === undefined) continue
      this.#begun.delete(task)
      ended.push([task.id, task.result, task.meta])
    }
    return ended
  }

  #write(record: Buffer, bytes: number): void {
    if (this.#fd === null) return
    try {
      writeSync(this.#fd, record, 0, bytes, this.#at)
    } catch {
      // A full disk, or test code closed it: no more words.
      this.#fd = null
    }
  }
}

/** At its begin, and when no task of it is left; in between the next task says where it is. Skipped ones run nothing. */
function mayRunHooks(suite: Task): boolean {
  const isNew = (task: Task) => task.result === undefined && task.mode !== 'skip' && task.mode !== 'todo'
  return isNew(suite) || (suite.result?.state === 'run' && !(suite.tasks?.some(isNew) ?? false))
}

/** Nothing in it that JSON would lose. */
function isSimple({ result, meta }: Task): boolean {
  return (
    result?.errors === undefined && !(result?.attempts?.some(({ errors }) => errors) ?? false) && keys(meta ?? {}).length === 0
  )
}

/** `meta` and errors hold whatever a test has put there: what cannot be sent is left out. */
function serialized(word: LastWord): Buffer {
  try {
    return serialize(word)
  } catch {
    const ended = word.ended.map(([id, result]) => [id, plain(result), {}])
    return serialize({ ...word, ended, frames: word.frames.filter(isSendable) })
  }
}

/** For engines whose binary format Node cannot read: what JSON makes of errors and `meta`. */
export function asJson(word: LastWord): Buffer {
  const text = (ended: LastWord['ended']) => Buffer.from(stringify({ ...word, ended, frames: [] }))
  try {
    return text(word.ended)
  } catch {
    // A circle, or a number beyond JSON's.
    return text(word.ended.map(([id, result]) => [id, plain(result), {}]))
  }
}

function isSendable(frame: FromHost | Uint8Array): boolean {
  try {
    serialize(frame)
    return true
  } catch {
    // Whoever said it hears of it when it is sent.
    return false
  }
}

/** What any result can be cut down to. */
function plain(result: unknown): unknown {
  const { state, duration, startTime, errors } = result as Record<string, unknown>
  const texts = isArray(errors)
    ? errors.map((error) => ({ name: String(error?.name), message: String(error?.message) }))
    : undefined
  return { state, duration, startTime, ...(texts ? { errors: texts } : {}) }
}
