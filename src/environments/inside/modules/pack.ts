import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { cachedDataVersionTag } from 'node:v8'
import type { FunctionSource } from './compile.ts'

const MAGIC = 'EWPACK1\n'

/**
 * V8 code caches of a project's modules in one file: `MAGIC`, JSON index, then the caches one after another.
 * Keyed by a hash of the whole source and filename: V8 itself accepts a cache of other source of the same length.
 */
export class Pack {
  readonly path: string
  #index = new Map<string, [offset: number, length: number]>()
  #body: Buffer = Buffer.alloc(0)

  constructor(path: string) {
    this.path = path
    this.#read()
  }

  keyOf(source: FunctionSource): string {
    return createHash('sha1').update(source.filename).update('\0').update(source.code).digest('base64')
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
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 })
    const temporary = `${this.path}.${process.pid}`
    writeFileSync(temporary, Buffer.concat([Buffer.from(text), ...parts]), { mode: 0o600 })
    renameSync(temporary, this.path)
    this.#read()
  }

  #read(): void {
    try {
      const file = readFileSync(this.path)
      if (file.subarray(0, MAGIC.length).toString() !== MAGIC) return
      const start = MAGIC.length + 13
      const end = start + Number(file.subarray(MAGIC.length, start).toString())
      const head = JSON.parse(file.subarray(start, end).toString()) as { tag: number; node: string; index: Record<string, [number, number]> }
      if (head.tag !== cachedDataVersionTag() || head.node !== process.version) return
      this.#body = file.subarray(end)
      this.#index = new Map(Object.entries(head.index))
    } catch {
      // no pack yet, or a torn one: everything is compiled from source and written again
    }
  }
}
