import { Buffer } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping'

/** A text that was evaluated, to find its source map. */
export interface CodeText {
  /** What people know it by. */
  name: string
  text: string
  /** What stands in stacks of this engine. */
  at: string
  /** Lines that were put before it. */
  linesBefore: number
}

/** `(place:line:column)` or `at place:line:column`, in the form of V8, which bun writes too. */
const FRAME = /((?:\(|at (?:async )?))((?:[a-z][\w+.-]*:|\/|[A-Z]:\\)[^\s()]*?):(\d+):(\d+)(?=\)?$)/

/** A stack with the places of original sources, where an inline source map leads to them. */
export function mappedStack(stack: string, texts: readonly CodeText[]): string {
  const maps = new Map<string, TraceMap | null>()
  const lines = stack.split('\n').map((line) =>
    line.replace(FRAME, (whole, before: string, place: string, row: string, column: string) => {
      const text = texts.find(({ at }) => at === place)
      const name = text?.name ?? pathOf(place)
      const line = Number(row) - (text?.linesBefore ?? 0)
      if (!maps.has(place)) maps.set(place, mapOf(text?.text ?? textOf(name), text ? undefined : name))
      const map = maps.get(place)
      const found = map && line > 0 ? originalPositionFor(map, { line, column: Math.max(0, Number(column) - 1) }) : undefined
      if (found?.source == null) return text ? `${before}${name}:${line}:${column}` : whole
      return `${before}${pathOf(found.source)}:${found.line}:${found.column + 1}`
    }),
  )
  return lines.join('\n')
}

/** The last comment of this kind counts. @see https://tc39.es/ecma426/#sec-linking-generated-code */
const INLINE_MAP = /\/[/*][#@] sourceMappingURL=data:application\/json[^,]*?(;base64)?,([^\s*]+)/g

function mapOf(text: string, path: string | undefined): TraceMap | null {
  const found = [...text.matchAll(INLINE_MAP)].at(-1)
  if (!found) return null
  try {
    const json = found[1] ? Buffer.from(found[2]!, 'base64').toString('utf8') : decodeURIComponent(found[2]!)
    return new TraceMap(json, path === undefined ? undefined : `${pathToFileURL(dirname(path)).href}/`)
  } catch {
    // A broken map leads nowhere; the places in the text itself are still true.
    return null
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // A builtin module of the engine, or gone.
    return ''
  }
}

const pathOf = (place: string) => (place.startsWith('file://') ? fileURLToPath(place) : place)
