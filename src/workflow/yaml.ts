import { type Document, isScalar, Lexer, LineCounter, parseAllDocuments, visit } from 'yaml'
import { MOST_ISSUES } from '../system/checked.ts'
import type { Path } from './fault.ts'
import { MOST_DEPTH, PlainReader, QUOTES, TOO_DEEP, type YamlFault, type YamlPlaces } from './plain-yaml.ts'
import { isFollowUp, yamlWording } from './yaml-wording.ts'

/** Far above what a real workflow needs. */
export const MOST_BYTES = 1_048_576

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
  if (isBracketBomb(text)) return failed(TOO_DEEP)
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

/** So many brackets cost the parser little, however deep they are. */
const FEW_BRACKETS = 10_000

/** The parser needs a kilobyte for each level; reading only the words of the language costs a seventh of its time. */
function isBracketBomb(text: string): boolean {
  if ((text.match(/[[{]/g)?.length ?? 0) <= FEW_BRACKETS) return false
  let depth = 0
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') depth += 1
    else if (token === ']' || token === '}') depth -= 1
    if (depth > MOST_DEPTH) return true
  }
  return false
}

const isThere = ({ contents, errors }: { contents: unknown; errors: readonly unknown[] }) =>
  errors.length > 0 || (contents !== null && !(isScalar(contents) && contents.value === null))

function plainDocument(document: Document, text: string): YamlDocument {
  const faults = syntaxFaults(document, text)
  const places: YamlPlaces = new Map()
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
      offset: /closing .*quote/.test(message) ? openQuote(document, pos[0]) : behindIndent(text, pos[0]),
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

/** Where a line says something, if this is its beginning. */
function behindIndent(text: string, offset: number): number {
  if (offset > 0 && text[offset - 1] !== '\n') return offset
  const indent = /^ */.exec(text.slice(offset, offset + MOST_INDENT))![0].length
  return /[\n\r]/.test(text[offset + indent] ?? '\n') ? offset : offset + indent
}
const MOST_INDENT = 1_000

const lineStart = (text: string, offset: number) => text.lastIndexOf('\n', offset - 1)
const lineAt = (text: string, offset: number) =>
  `${text.slice(0, offset).split('\n').at(-1)}${text.slice(offset).split('\n', 1)[0]}`

function offsetIn(places: YamlPlaces, path: Path, part: 'key' | 'value'): number {
  for (let length = path.length; length >= 0; length--) {
    const found = places.get(JSON.stringify(path.slice(0, length)))
    if (found) return length === path.length ? found[part] : found.key
  }
  return 0
}
