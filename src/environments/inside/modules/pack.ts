import { createHash } from 'node:crypto'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { makeFolder } from '../../../system/files.ts'
import { cachedDataVersionTag } from 'node:v8'
import { parseJson } from './builtins.ts'

const MAGIC = 'EWPACK1\n'

/**
 * What is derived from a project's modules, in one file: V8 code caches and analyses. `MAGIC`, JSON index, then the
 * entries one after another. Keyed by a hash of the whole source: V8 itself takes a cache of other source of equal length.
 */
export class Pack {
  readonly path: string
  #index = new Map<string, [offset: number, length: number]>()
  #body: Buffer = Buffer.alloc(0)
  readonly #derived = new Map<string, unknown>()

  constructor(path: string) {
    this.path = path
    this.#read()
  }

  keyOf(filename: string, code: string): string {
    return hash(filename, code)
  }

  /** A value derived from texts alone: read if it was derived before, else derived now and kept. JSON shapes only. */
  derive<T>(what: string, texts: string[], make: () => T): T {
    const key = hash(what, ...texts)
    const known = this.get(key)
    if (known) return parseJson(known.toString()) as T
    const value = make()
    this.#derived.set(key, value)
    return value
  }

  /** Derived since the last `add`; each is given out once. */
  *derivedEntries(): Generator<{ key: string; data: Buffer }> {
    for (const [key, value] of this.#derived) yield { key, data: Buffer.from(JSON.stringify(value)) }
    this.#derived.clear()
  }

  get derivedCount(): number {
    return this.#derived.size
  }

  get(key: string): Buffer | undefined {
    const entry = this.#index.get(key)
    return entry && this.#body.subarray(entry[0], entry[0] + entry[1])
  }

  get size(): number {
    return this.#index.size
  }

  /** Adds caches to what is on disk now: another process may have written in the meantime; the last one wins. */
  add(entries: Iterable<{ key: string; data: Buffer }>): void {
    this.#read()
    const parts: Buffer[] = []
    const index: Record<string, [number, number]> = {}
    let offset = 0
    const put = (key: string, data: Buffer) => {
      index[key] = [offset, data.length]
      parts.push(data)
      offset += data.length
    }
    for (const [key] of this.#index) put(key, this.get(key)!)
    for (const { key, data } of entries) if (!(key in index)) put(key, data)
    const head = JSON.stringify({ tag: cachedDataVersionTag(), node: process.version, index })
    const text = `${MAGIC}${String(Buffer.byteLength(head)).padStart(12)}\n${head}`
    this.#replace(Buffer.concat([Buffer.from(text), ...parts]))
    this.#read()
  }

  #replace(content: Buffer): void {
    const temporary = `${this.path}.${process.pid}`
    try {
      makeFolder(dirname(this.path))
      writeFileSync(temporary, content, { mode: 0o600 })
      renameSync(temporary, this.path)
    } catch {
      // A full or read-only disk costs time in the next process and nothing else.
      rmSync(temporary, { force: true })
    }
  }

  #read(): void {
    try {
      const file = readFileSync(this.path)
      if (file.subarray(0, MAGIC.length).toString() !== MAGIC) return
      const start = MAGIC.length + 13
      const end = start + Number(file.subarray(MAGIC.length, start).toString())
      const head = JSON.parse(file.subarray(start, end).toString()) as {
        tag: number
        node: string
        index: Record<string, [number, number]>
      }
      if (head.tag !== cachedDataVersionTag() || head.node !== process.version) return
      this.#body = file.subarray(end)
      this.#index = new Map(Object.entries(head.index))
    } catch {
      // no pack yet, or a torn one: everything is compiled from source and written again
    }
  }
}

function hash(...texts: string[]): string {
  const sum = createHash('sha1')
  for (const text of texts) sum.update(text).update('\0')
  return sum.digest('base64')
}
