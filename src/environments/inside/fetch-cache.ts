import { readFileSync } from 'node:fs'

/** birpc's messages, as Vitest's worker sends and gets them. */
export interface RpcQuery {
  t: 'q'
  i?: string
  m: string
  a: unknown[]
}
export interface RpcAnswer {
  t: 's'
  i: string
  r?: unknown
  e?: unknown
}

interface Fetched {
  tmp?: string
  cached?: boolean
  [key: string]: unknown
}

const SOURCE_MAP_MARK = '\n//# vitestSourceMap='

/**
 * Answers Vitest's `fetch` calls of one run. Vite has one answer for a module and environment while its module
 * graph stands, so the second file that asks need not go to the main process. Emptied when the next run begins.
 */
export class FetchCache {
  #runId = ''
  readonly #answers = new Map<string, unknown>()
  readonly #asked = new Map<string, string>()
  /** Per Vite environment: what Vitest's own runtime may read without asking, by id. */
  readonly #warm = new Map<string, Record<string, unknown>>()

  begin(runId: string): void {
    if (runId !== this.#runId) {
      this.#answers.clear()
      this.#warm.clear()
    }
    this.#asked.clear()
    this.#runId = runId
  }

  /** A known answer to a query, or undefined: then it has to be asked. */
  answer(query: RpcQuery): { value: unknown } | undefined {
    if (query.m === 'fetchWarmModules') return { value: this.#warm.get(query.a[0] as string) ?? null }
    const key = keyOf(query)
    if (key === null || query.i === undefined) return undefined
    if (this.#answers.has(key)) return { value: copy(this.#answers.get(key)) }
    this.#asked.set(query.i, key)
    return undefined
  }

  /**
   * An answer of the main process, with the code in it instead of the name of a file that holds it. It is kept for the run,
   * unless no other file will ask for it: a long run has many test files.
   */
  keep(answer: RpcAnswer, isForOne = false): RpcAnswer {
    const key = this.#asked.get(answer.i)
    if (key === undefined) return answer
    this.#asked.delete(answer.i)
    if (answer.e !== undefined || typeof answer.r !== 'object' || answer.r === null) return answer
    const value = withCode(answer.r as Fetched)
    if (isForOne) return { ...answer, r: value }
    this.#answers.set(key, value)
    this.#keepWarm(key, value)
    return { ...answer, r: copy(value) }
  }

  /**
   * Vitest takes such a table for modules it need not fetch. All worlds get the same objects: Vite's module runner
   * only writes `id` and `url` into them, and always the same.
   */
  #keepWarm(key: string, value: Fetched): void {
    const [method, environment, importer, id] = key.split('\0') as [string, string, string, string]
    if (method !== 'fetch' || importer !== '' || value.cached) return
    let table = this.#warm.get(environment)
    if (!table) this.#warm.set(environment, (table = NO_PROTOTYPE()))
    table[id] = { ...value }
  }
}

const NO_PROTOTYPE = () => Object.create(null) as Record<string, unknown>

/** Only absolute ids mean the same for every importer. */
function keyOf({ m, a }: RpcQuery): string | null {
  if (m !== 'fetch' && m !== 'resolve') return null
  const [id, importer, environment] = a as [string, string | undefined, string]
  return `${m}\0${environment}\0${m === 'fetch' && id.startsWith('/') ? '' : importer}\0${id}`
}

function withCode(fetched: Fetched): Fetched {
  if (!fetched.cached || typeof fetched.tmp !== 'string') return fetched
  const { tmp, ...rest } = fetched
  delete rest.cached
  const text = readFileSync(tmp, 'utf8')
  const at = text.lastIndexOf(SOURCE_MAP_MARK)
  if (at === -1) return { code: text, sourceMap: undefined, ...rest }
  return { code: text.slice(0, at), sourceMap: text.slice(at + SOURCE_MAP_MARK.length) || undefined, ...rest }
}

function copy(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? { ...value } : value
}
