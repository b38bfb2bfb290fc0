import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type Scalar } from 'yaml'
import type { Path } from './fault.ts'
import { fileModeOf, isFileMode } from './file-mode.ts'

/** Bounds against files that are made to choke readers; each is far above what a real workflow needs. */
export const MOST_NODES = 100_000
export const MOST_DEPTH = 100

/** What is wrong with a text, at an offset into it. */
export interface YamlFault {
  offset: number
  message: string
  hint?: string
  /** Of the field that it is about: all others have been read. Absent: nothing has. */
  field?: Path
}

/** Where the name of a field stands, and where its value; by the JSON of its path. */
export type YamlPlaces = Map<string, { key: number; value: number }>

export const TOO_DEEP = `It is nested deeper than ${MOST_DEPTH} levels.`
export const QUOTES = 'Text with {{ … }} needs quotes here: "{{ … }}".'

/** Turns nodes into plain data, aliases expanded, with the place of each. */
export class PlainReader {
  #nodes = 0
  #isOver = false
  readonly #anchors = new Map<string, Node>()
  /** What an alias meant where it stands, for an anchor may be set anew further down. */
  readonly #targets = new Map<Alias, Node | undefined>()
  /** Those that are being read, the outermost first. */
  readonly #inside = new Set<Node>()
  readonly #faults: YamlFault[]
  readonly #places: YamlPlaces

  constructor(faults: YamlFault[], places: YamlPlaces) {
    this.#faults = faults
    this.#places = places
  }

  read(node: unknown, path: Path, keyOffset?: number): unknown {
    const offset = offsetOfNode(node) ?? keyOffset ?? 0
    if (!this.#fits(path, offset)) return undefined
    this.#places.set(JSON.stringify(path), { key: keyOffset ?? offset, value: offset })
    this.#note(node)
    if (isAlias(node)) return this.#readAlias(node, path, keyOffset)
    const odd = oddity(node)
    if (odd) return void this.#faults.push({ offset, ...odd, field: path })
    if (!isSeq(node) && !isMap(node)) return isScalar(node) ? valueOf(node, path) : null
    this.#inside.add(node)
    const value = isSeq(node) ? node.items.map((item, i) => this.read(item, [...path, i])) : this.#readMap(node.items, path)
    this.#inside.delete(node)
    return value
  }

  #readAlias(alias: Alias, path: Path, keyOffset: number | undefined): unknown {
    const target = this.#target(alias, path)
    if (target && this.#inside.has(target)) return this.#cyclic(alias, path)
    return this.read(target, path, keyOffset)
  }

  /** Told once: what is in it stands in it again and again. */
  #cyclic(alias: Alias, path: Path): undefined {
    const message = `"*${alias.source}" stands inside of "&${alias.source}" itself.`
    this.#faults.push({
      offset: offsetOfNode(alias) ?? 0,
      message,
      hint: 'Leave it away, or write out what is meant.',
      field: path,
    })
  }

  /** The parser looks for it through the whole document. */
  #target(alias: Alias, path: Path): Node | undefined {
    if (!this.#targets.has(alias)) {
      const found = this.#anchors.get(alias.source)
      this.#targets.set(alias, found)
      if (!found)
        this.#faults.push({
          offset: offsetOfNode(alias) ?? 0,
          message: `There is no "&${alias.source}" before this.`,
          hint: 'A text that begins with * needs quotes: "**/*.ts".',
          field: path,
        })
    }
    return this.#targets.get(alias)
  }

  #note(node: unknown): void {
    const { anchor } = (node ?? {}) as { anchor?: string }
    if (anchor !== undefined) this.#anchors.set(anchor, node as Node)
  }

  #fits(path: Path, offset: number): boolean {
    if (this.#isOver) return false
    this.#isOver = path.length > MOST_DEPTH || ++this.#nodes > MOST_NODES
    if (!this.#isOver) return true
    const message = path.length > MOST_DEPTH ? TOO_DEEP : `It has more than ${MOST_NODES} values, with its aliases written out.`
    this.#faults.push({ offset, message })
    return false
  }

  #readMap(items: readonly { key: unknown; value: unknown }[], path: Path): Record<string, unknown> {
    const own = new Map<string, unknown>()
    const merged = new Map<string, unknown>()
    for (const { key, value } of items) {
      const name = this.#keyName(key, path)
      if (name === undefined) continue
      if (name === '<<') {
        for (const [inner, found] of this.#mergedFields(value, path)) if (!merged.has(inner)) merged.set(inner, found)
        continue
      }
      if (own.has(name))
        this.#faults.push({
          offset: offsetOfNode(key) ?? 0,
          message: `"${name}" stands twice in one map.`,
          hint: 'Put both together, or leave one away.',
          field: [...path, name],
        })
      own.set(name, this.read(value, [...path, name], offsetOfNode(key)))
    }
    return Object.fromEntries([...own, ...[...merged].filter(([name]) => !own.has(name))])
  }

  #mergedFields(value: unknown, path: Path): [string, unknown][] {
    const node = isAlias(value) ? this.#target(value, path) : value
    if (isAlias(value) && node && this.#inside.has(node as Node)) return this.#cyclic(value, path) ?? []
    if (isSeq(node)) return node.items.flatMap((item) => this.#mergedFields(item, path))
    if (!this.#fits(path, offsetOfNode(value) ?? 0)) return []
    this.#note(node)
    if (isMap(node)) return Object.entries(this.#readMap(node.items, path))
    this.#faults.push({ offset: offsetOfNode(value) ?? 0, message: '"<<" takes a map, or a list of maps.', field: path })
    return []
  }

  #keyName(key: unknown, path: Path): string | undefined {
    const offset = offsetOfNode(key) ?? 0
    this.#note(key)
    const node = isAlias(key) ? this.#target(key, path) : key
    if (!isScalar(node) || node.value === null || !PLAIN.includes(typeof node.value)) {
      this.#faults.push({ offset, message: 'The name of a field must be a text.', hint: QUOTES, field: path })
      return undefined
    }
    const name = String(node.value)
    if (name.includes('\0')) return void this.#faults.push({ offset, ...NUL, field: path })
    if (name !== '__proto__') return name
    this.#faults.push({ offset, message: 'No field may have the name "__proto__".', field: path })
    return undefined
  }
}

const PLAIN: readonly string[] = ['string', 'number', 'boolean']
const PLAIN_TAGS = /^(?:!|tag:yaml\.org,2002:(?:map|seq))$/
const NUL = { message: 'There is a character NUL in it.', hint: 'No process can be given one: leave it away.' }

/** What is neither a text, a number, true or false, nothing, a list nor a map; and values that no process and no JSON can take. */
function oddity(node: unknown): Pick<YamlFault, 'message' | 'hint'> | undefined {
  if (isSeq(node) || isMap(node)) return node.tag === undefined || PLAIN_TAGS.test(node.tag) ? undefined : tagged(node.tag)
  if (!isScalar(node) || node.value === null || node.value === undefined) return undefined
  if (!PLAIN.includes(typeof node.value)) return tagged(node.tag)
  if (typeof node.value === 'string' && node.value.includes('\0')) return NUL
  return typeof node.value === 'number' && !Number.isFinite(node.value)
    ? { message: 'It must be a number with an end.', hint: 'A text such as .nan or .inf needs quotes: ".nan".' }
    : undefined
}

function tagged(tag: string | undefined): Pick<YamlFault, 'message' | 'hint'> {
  const name = tag?.replace('tag:yaml.org,2002:', '!!')
  const hint = 'There are texts, numbers, true and false, lists and maps. A text that looks like something else needs quotes.'
  return { message: `${name === undefined ? 'A value of this kind' : `The tag ${name}`} cannot be used here.`, hint }
}
/** How a mode is written says what it means. */
const valueOf = ({ value, source }: Scalar, path: Path) =>
  isFileMode(path) ? (fileModeOf(source ?? String(value)) ?? value) : value

function offsetOfNode(node: unknown): number | undefined {
  const range = (node as { range?: readonly number[] | null } | null)?.range
  return range?.[0]
}
