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

  /** Computes with hosts that may have to look first. */
  async at<T>(compute: () => T): Promise<T> {
    this.#lookers++
    try {
      for (let looks = 0; ; looks++)
        try {
          return compute()
        } catch (error) {
          if (!(error instanceof NotReadYet) || looks >= MOST_LOOKS) throw error
          await error.read()
        }
    } finally {
      if (--this.#lookers === 0) this.#forget()
    }
  }

  #forget(): void {
    this.texts.clear()
    this.lists.clear()
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
      return known(lists, JSON.stringify(patterns), () => files.glob(patterns))
    },
  }
}

/** What has been seen, or why it cannot be seen: that is a fault of the expression that asks, and of no other. */
type Seen<T> = { value: T } | { error: unknown }

function known<T>(all: Map<string, Seen<T>>, key: string, read: (key: string) => Promise<T>): T {
  const seen = all.get(key)
  if (!seen)
    throw new NotReadYet(
      async () =>
        void all.set(
          key,
          await read(key).then(
            (value) => ({ value }),
            (error: unknown) => ({ error }),
          ),
        ),
    )
  if ('error' in seen) throw seen.error
  return seen.value
}
