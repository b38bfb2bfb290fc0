import type { RpcCall } from './messages.ts'

/** What stands in a question for the test file: its path, or its path below the project's root. */
type Blank = { blank: 'path' | 'below root' }
interface Question {
  m: string
  a: unknown[]
}

/** Questions of which each file asks its own, and whose answers depend on nothing the file does. */
const FORESEEN: ReadonlySet<string> = new Set(['resolve', 'fetch', 'resolveSnapshotPath'])

/**
 * What a worker is going to ask about its test file, learnt from the file before it in the same project. Vitest answers
 * while the host still prepares the file's world, and three round trips between the processes are saved.
 */
export class Foresight {
  readonly #root: string
  readonly #learnt = new Map<string, Question>()

  /** @param root of the project, without a slash at its end */
  constructor(root: string) {
    this.#root = root
  }

  /** A worker has asked this while the given file was all it had to run. */
  learn({ m, a }: RpcCall, filepath: string): void {
    if (!FORESEEN.has(m)) return
    let isAboutFile = false
    const blanks = a.map((value): unknown => {
      const blank = this.#blankFor(value, filepath)
      if (blank) isAboutFile = true
      return blank ?? value
    })
    if (isAboutFile) this.#learnt.set(m, { m, a: blanks })
  }

  /** What a worker will ask that gets this file. */
  questions(filepath: string): Question[] {
    if (!filepath.startsWith(`${this.#root}/`)) return []
    return [...this.#learnt.values()].map(({ m, a }) => ({ m, a: a.map((value) => this.#filled(value, filepath)) }))
  }

  #blankFor(value: unknown, filepath: string): Blank | undefined {
    if (value === filepath) return { blank: 'path' }
    return this.#root + String(value) === filepath ? { blank: 'below root' } : undefined
  }

  #filled(value: unknown, filepath: string): unknown {
    if (typeof value !== 'object' || value === null || !('blank' in value)) return value
    return (value as Blank).blank === 'path' ? filepath : filepath.slice(this.#root.length)
  }
}
