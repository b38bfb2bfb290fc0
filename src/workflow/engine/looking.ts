import type { SiteFiles } from '../../executors/executor.ts'
import { type ExpressionHost, NotReadYet } from '../expressions/host.ts'
import { MAX_TEXT } from '../expressions/limits.ts'

/** Expressions that look for more than this, one after the other, are a mistake. */
const MOST_LOOKS = 1_000

/** What expressions have seen of files in a container or on another machine; forgotten when nobody looks any more. */
export class Looking {
  readonly texts = new Map<string, Seen<string>>()
  readonly lists = new Map<string, Seen<readonly string[]>>()
  #lookers = 0
  #changed: AbortController | undefined

  /**
   * Computes with hosts that may have to look first.
   * @param signal of who is given up then, and looks no more; without it he looks again after each `change`
   * @throws the reason of the signal; what `compute` throws
   */
  async at<T>(compute: () => T, signal?: AbortSignal): Promise<T> {
    this.#lookers++
    try {
      for (let looks = 0; ; looks++)
        try {
          signal?.throwIfAborted()
          return compute()
        } catch (error) {
          if (!(error instanceof NotReadYet) || looks >= MOST_LOOKS) throw error
          await lookUntil(error, signal ?? (this.#changed ??= new AbortController()).signal)
        }
    } finally {
      if (--this.#lookers === 0) this.#forget()
    }
  }

  /** What is decided may be another now: who looks for a decision begins anew, and may need to know nothing. */
  change(): void {
    const changed = this.#changed
    this.#changed = undefined
    changed?.abort()
  }

  #forget(): void {
    this.texts.clear()
    this.lists.clear()
  }
}

/** A look at many files may take long, and what is looked at may not answer: nobody who is given up waits for it. */
async function lookUntil({ read }: NotReadYet, signal: AbortSignal): Promise<void> {
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>()
  const onAbort = () => stop()
  signal.addEventListener('abort', onAbort)
  try {
    await Promise.race([read(signal), stopped])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** @param cwd absolute, as commands see it */
export function siteHost(files: SiteFiles, cwd: string, { texts, lists }: Looking): ExpressionHost {
  const absolute = (pattern: string) => (pattern.startsWith('/') ? files.path(pattern) : `${cwd}/${pattern}`)
  return {
    cwd,
    place: files.path,
    now: Date.now,
    readFile: (path) =>
      known(texts, absolute(path), async (whole) => (await files.readFile(whole, 4 * MAX_TEXT)).toString('utf8')),
    glob({ include, exclude }) {
      const patterns = { include: include.map(absolute), exclude: exclude.map(absolute) }
      return known(lists, JSON.stringify(patterns), (_, signal) => files.glob(patterns, signal))
    },
  }
}

/** What has been seen, or why it cannot be seen: that is a fault of the expression that asks, and of no other. */
type Seen<T> = { value: T } | { error: unknown }

function known<T>(all: Map<string, Seen<T>>, key: string, read: (key: string, signal: AbortSignal) => Promise<T>): T {
  const seen = all.get(key)
  if (!seen)
    throw new NotReadYet(async (signal) => {
      const found = await read(key, signal).then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      )
      // Nobody's fault, and perhaps not all of it.
      if (!signal.aborted) all.set(key, found)
    })
  if ('error' in seen) throw seen.error
  return seen.value
}
