import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  stringify,
  visit,
} from 'yaml'
import { MOST_ISSUES } from '../system/checked.ts'
import type { Path } from './fault.ts'
import { isFollowUp, yamlWording } from './yaml-wording.ts'

/** Bounds against files that are made to choke readers; each is far above what a real workflow needs. */
export const MOST_BYTES = 1_048_576
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

/** One document as plain data. */
export interface YamlDocument {
  value: unknown
  faults: YamlFault[]
  /** Where a field stands: its value, or its name. A field that is not there has the place of what it would be in. */
  offsetOf(path: Path, part?: 'key' | 'value'): number
}

export interface YamlFile {
  documents: YamlDocument[]
  /** Line and column, from 1. */
  place(offset: number): { line: number; column: number }
}

const TOO_DEEP = `It is nested deeper than ${MOST_DEPTH} levels.`
const QUOTES = 'Text with {{ … }} needs quotes here: "{{ … }}".'

/** All documents of a file; empty ones are left out. Never throws: what is wrong stands in `faults`. */
export function readYaml(text: string): YamlFile {
  const counter = new LineCounter()
  const place = (offset: number) => {
    const { line, col } = counter.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const failed = (message: string, hint?: string): YamlFile => ({
    documents: [{ value: undefined, faults: [{ offset: 0, message, hint }], offsetOf: () => 0 }],
    place,
  })
  if (Buffer.byteLength(text) > MOST_BYTES)
    return failed('The file is larger than 1 MiB.', 'Large data belongs into files of its own.')
  try {
    // Of unique keys we look ourselves: the parser compares each with all others.
    const parsed = parseAllDocuments(text, { lineCounter: counter, prettyErrors: false, uniqueKeys: false, logLevel: 'silent' })
    const found = Array.isArray(parsed) ? parsed : []
    return { documents: found.filter(isThere).map((document) => plainDocument(document as Document, text)), place }
  } catch (error) {
    // The parser calls itself for each level.
    if (error instanceof RangeError) return failed(TOO_DEEP)
    throw error
  }
}

const isThere = ({ contents, errors }: { contents: unknown; errors: readonly unknown[] }) =>
  errors.length > 0 || (contents !== null && !(isScalar(contents) && contents.value === null))

function plainDocument(document: Document, text: string): YamlDocument {
  const faults = syntaxFaults(document, text)
  const places = new Map<string, { key: number; value: number }>()
  const value = faults.length > 0 ? undefined : new PlainReader(faults, places).read(document.contents, [])
  return { value, faults: eachOnce(faults), offsetOf: (path, part = 'value') => offsetIn(places, path, part) }
}

/** What an alias means is read wherever it stands. */
function eachOnce(faults: readonly YamlFault[]): YamlFault[] {
  return [...new Map(faults.map((fault) => [`${fault.offset} ${fault.message}`, fault])).values()].slice(0, MOST_ISSUES)
}

function syntaxFaults(document: Document, text: string): YamlFault[] {
  const { errors, warnings } = document
  // What follows on a fault of the first kind is not new; and the parser catches its own fall through the stack, and complains of all that it did not read then.
  const tooDeep = errors.find(({ message }) => message.includes('call stack'))
  if (tooDeep) return [{ offset: tooDeep.pos[0], message: TOO_DEEP }]
  const own = [...errors, ...warnings].filter(({ code, message }, i) => i === 0 || !isFollowUp(code, message))
  const lines = new Map(own.toReversed().map((each) => [lineStart(text, each.pos[0]), each]))
  return [...lines.values()]
    .reverse()
    .slice(0, MOST_ISSUES)
    .map(({ pos, code, message }) => ({
      offset: /closing .*quote/.test(message) ? openQuote(document, pos[0]) : pos[0],
      ...yamlWording(code, message),
      ...(lineAt(text, pos[0]).includes('{{') ? { hint: QUOTES } : {}),
    }))
}

/** Where the text begins that has no end. */
function openQuote(document: Document, end: number): number {
  let start = end
  visit(document, {
    Scalar(_key, { range }) {
      if (range && range[0] < end && range[1] >= end) start = range[0]
    },
  })
  return start
}

const lineStart = (text: string, offset: number) => text.lastIndexOf('\n', offset - 1)
const lineAt = (text: string, offset: number) =>
  `${text.slice(0, offset).split('\n').at(-1)}${text.slice(offset).split('\n', 1)[0]}`

function offsetIn(places: ReadonlyMap<string, { key: number; value: number }>, path: Path, part: 'key' | 'value'): number {
  for (let length = path.length; length >= 0; length--) {
    const found = places.get(JSON.stringify(path.slice(0, length)))
    if (found) return length === path.length ? found[part] : found.key
  }
  return 0
}

/** Turns nodes into plain data, aliases expanded, with the place of each. */
class PlainReader {
  #nodes = 0
  #isOver = false
  readonly #anchors = new Map<string, Node>()
  /** What an alias meant where it stands, for an anchor may be set anew further down. */
  readonly #targets = new Map<Alias, Node | undefined>()
  /** Those that are being read, the outermost first. */
  readonly #inside = new Set<Node>()
  readonly #faults: YamlFault[]
  readonly #places: Map<string, { key: number; value: number }>

  constructor(faults: YamlFault[], places: Map<string, { key: number; value: number }>) {
    this.#faults = faults
    this.#places = places
  }

  read(node: unknown, path: Path, keyOffset?: number): unknown {
    const offset = offsetOfNode(node) ?? keyOffset ?? 0
    if (!this.#fits(path, offset)) return undefined
    this.#places.set(JSON.stringify(path), { key: keyOffset ?? offset, value: offset })
    this.#note(node)
    if (isAlias(node)) return this.#readAlias(node, path, keyOffset)
    if (!isSeq(node) && !isMap(node)) return isScalar(node) ? node.value : null
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
    if (!isScalar(node) || node.value === null || typeof node.value === 'object') {
      this.#faults.push({ offset, message: 'The name of a field must be a text.', hint: QUOTES, field: path })
      return undefined
    }
    const name = String(node.value)
    if (name !== '__proto__') return name
    this.#faults.push({ offset, message: 'No field may have the name "__proto__".', field: path })
    return undefined
  }
}

function offsetOfNode(node: unknown): number | undefined {
  const range = (node as { range?: readonly number[] | null } | null)?.range
  return range?.[0]
}

/** Data as YAML, long texts as blocks. */
export const yamlText = (value: unknown): string => stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })
