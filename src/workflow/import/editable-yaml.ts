import {
  Document,
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseAllDocuments,
  visit,
  type YAMLMap,
} from 'yaml'
import type { Path } from '../fault.ts'

/** How a file is written. */
interface YamlStyle {
  indentSeq: boolean
  flowCollectionPadding: boolean
}

/** A document that is changed field by field: comments, order and style of the rest stay, and so do the places of what was read. */
export class EditableYaml {
  readonly #document: Document
  readonly #source: string
  readonly #style: YamlStyle
  #value: { data: unknown } | undefined

  constructor(document: Document, source: string, style: YamlStyle) {
    this.#document = document
    this.#source = source
    this.#style = style
    document.contents = new Writing().out(document.contents) as typeof document.contents
    if (isCollection(document.contents) && document.contents.flow) unfold(document.contents)
  }

  /** As plain data, after all changes so far. */
  get value(): unknown {
    this.#value ??= { data: this.#document.toJS({ maxAliasCount: -1 }) }
    return this.#value.data
  }

  has(path: Path): boolean {
    return this.#document.hasIn(path)
  }

  /** One field as plain data. */
  at(path: Path): unknown {
    const node = this.#document.getIn(path, true)
    return isNode(node) ? node.toJS(this.#document, { maxAliasCount: -1 }) : node
  }

  /** A number or truth value as the text that was written. */
  quote(path: Path): void {
    const node = this.#document.getIn(path, true)
    this.set(path, isScalar(node) ? (node.source ?? String(node.value)) : String(node))
  }

  /** Octal numbers of YAML 1.1 (`0755`) under these names as those of ours: `0o755`. */
  markOctal(names: readonly string[]): void {
    this.#value = undefined
    visit(this.#document, {
      Pair: (_, { key, value }) => {
        if (!isScalar(key) || !names.includes(String(key.value)) || !isScalar(value)) return
        if (typeof value.value !== 'number' || !/^0[0-7]+$/.test(value.source ?? '')) return
        value.value = Number.parseInt(value.source!, 8)
        value.format = 'OCT'
        delete value.source
      },
    })
  }

  set(path: Path, value: unknown): void {
    this.#value = undefined
    this.#document.setIn(path, value)
  }

  remove(path: Path): void {
    this.#value = undefined
    const owner = this.#ownerOf(path)
    const gone = this.#pairAt(path)
    const wasFirst = isMap(owner) && owner.items[0] === gone
    this.#document.deleteIn(path)
    const next = isMap(owner) ? owner.items[0]?.key : undefined
    if (wasFirst && isNode(next)) beFirst(next, path.length === 1 ? gone?.key : undefined)
  }

  /** A field from one map to the top of the document, before another one. */
  lift(path: Path, before: string): void {
    const root = this.#document.contents
    const pair = this.#pairAt(path)
    if (!isMap(root) || !pair) return
    this.remove(path)
    const at = root.items.findIndex((each) => keyName(each) === before)
    root.items.splice(at === -1 ? root.items.length : at, 0, pair as (typeof root.items)[number])
  }

  /** Where a field stands in the text that was read: its value, or its name. What was not there has the place of what it would be in. */
  offsetOf(path: Path, part: 'key' | 'value' = 'value'): number {
    let node: unknown = this.#document.contents
    let offset = offsetOfNode(node) ?? 0
    for (const [i, key] of path.entries()) {
      const pair: unknown = isMap(node) ? node.items.find((each) => keyName(each) === key) : undefined
      const child: unknown = isPair(pair) ? pair.value : isSeq(node) ? node.items[Number(key)] : undefined
      const isKey = isPair(pair) && (part === 'key' || i < path.length - 1)
      const found = (isKey ? offsetOfNode((pair as Pair).key) : undefined) ?? offsetOfNode(child)
      if (found === undefined) return offset
      offset = found
      node = child
    }
    return offset
  }

  /** Where a piece of a field's text stands; that of the field if it was written in another way. */
  offsetWithin(path: Path, piece: string): number {
    const node = this.#document.getIn(path, true)
    const range = isNode(node) ? node.range : undefined
    const found = range ? this.#source.slice(0, range[1]).indexOf(piece, range[0]) : -1
    return found === -1 ? this.offsetOf(path) : found
  }

  text(): string {
    return this.#document.toString({ lineWidth: 0, directives: false, ...this.#style })
  }

  #ownerOf(path: Path): unknown {
    return path.length === 1 ? this.#document.contents : this.#document.getIn(path.slice(0, -1))
  }

  #pairAt(path: Path): Pair | undefined {
    const owner = this.#ownerOf(path)
    return isMap(owner) ? owner.items.find((each) => keyName(each) === path.at(-1)) : undefined
  }
}

/** The documents of a text in which `readYaml` has found nothing wrong; those in a list of kubectl by themselves. */
export function editableDocuments(text: string): EditableYaml[] {
  const parsed = parseAllDocuments(text, { prettyErrors: false, uniqueKeys: false, logLevel: 'silent' })
  const documents = (Array.isArray(parsed) ? parsed : []) as Document[]
  const style = styleOf(text)
  return documents.flatMap(itemsOf).map((document) => new EditableYaml(document, text, style))
}

function itemsOf(document: Document): Document[] {
  const { contents } = document
  if (contents === null || (isScalar(contents) && contents.value === null)) return []
  const items = isMap(contents) && String(contents.get('kind')).endsWith('List') ? contents.get('items') : undefined
  if (!isSeq(items)) return [document]
  const anchors = new Writing()
  return items.items.map((item) => {
    const one = new Document()
    one.contents = anchors.out(item) as typeof one.contents
    return one
  })
}

/** No empty line above it; and what stood above the whole document stays there. */
function beFirst(key: Node, before: unknown): void {
  key.spaceBefore = false
  const about = isNode(before) ? before.commentBefore : undefined
  if (about) key.commentBefore = [about, ...(key.commentBefore ? [key.commentBefore] : [])].join('\n')
}

/** Who writes the items of a list below the first letter of its name does so everywhere, and so with spaces inside of brackets. */
function styleOf(source: string): YamlStyle {
  const matches = (pattern: RegExp) => source.match(pattern)?.length ?? 0
  return {
    indentSeq: !/^( *)(?:- )?[\w-]+:[^\S\n]*\n\1- /m.test(source),
    flowCollectionPadding: matches(/(?<!\{)[{[] \S/g) > matches(/(?<!\{)[{[][^\s{[]/g),
  }
}

const keyName = ({ key }: { key: unknown }) => String(isScalar(key) ? key.value : key)

/** Writes out anchors and `<<`: a field that is changed must not change elsewhere. `readYaml` has looked how much that becomes. */
class Writing {
  readonly #anchors = new Map<string, Node>()

  out(node: unknown): unknown {
    if (isAlias(node)) return (this.#anchors.get(node.source)?.clone() as Node | undefined) ?? node
    const { anchor } = (node ?? {}) as { anchor?: string }
    if (isSeq(node)) node.items = node.items.map((item) => this.out(item))
    if (isMap(node)) this.#map(node)
    if (anchor !== undefined && isNode(node) && 'anchor' in node) {
      delete node.anchor
      this.#anchors.set(anchor, node)
    }
    return node
  }

  #map(map: YAMLMap): void {
    const merged: Pair[] = []
    for (const pair of map.items) {
      pair.key = this.out(pair.key)
      // Paths are of texts.
      if (isScalar(pair.key) && typeof pair.key.value !== 'string') pair.key.value = String(pair.key.value)
      pair.value = this.out(pair.value)
      if (keyName(pair) === '<<') merged.push(...mapsIn(pair.value).flatMap(({ items }) => items))
    }
    const own = map.items.filter((pair) => keyName(pair) !== '<<')
    const names = new Set(own.map(keyName))
    const added = merged.filter((pair) => !names.has(keyName(pair)) && names.add(keyName(pair)))
    map.items = [...own, ...added.map((pair) => pair.clone())] as typeof map.items
  }
}

const mapsIn = (value: unknown): YAMLMap[] =>
  isMap(value) ? [value] : isSeq(value) ? value.items.filter((each) => isMap(each)) : []

/** JSON as YAML. */
function unfold(root: Node): void {
  visit(root, {
    Collection: (_, node) => void (node.flow = node.items.length === 0),
    Scalar: (_, node) => void delete node.type,
  })
}

const offsetOfNode = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined)
