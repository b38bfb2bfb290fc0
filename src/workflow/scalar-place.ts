import type { Place } from './expressions/expression-error.ts'

/**
 * Where a place in the value of a scalar stands in the text of its file, as an offset. The start of the scalar where they do not
 * run side by side: in folded texts, and behind escapes.
 * @param start offset of the scalar: its `|`, its quote or its first letter
 */
export function offsetWithin(source: string, start: number, place: Place): number {
  if (source[start] === '|') return inBlock(source, start, place)
  const isQuoted = source[start] === '"' || source[start] === "'"
  const first = start + (isQuoted ? 1 : 0)
  const before = source.slice(first, first + place.column - 1)
  return place.line === 1 && !before.includes('\n') && !(isQuoted && /["'\\]/.test(before)) ? first + before.length : start
}

/** Each line is one of the value; all are indented as the first that is not empty. */
function inBlock(source: string, start: number, { line, column }: Place): number {
  const lines = source.slice(start).split('\n')
  const found = lines[line]
  if (found === undefined) return start
  const indent = /^ */.exec(lines.slice(1).find((each) => each.trim() !== '') ?? '')![0].length
  const offset = start + lines.slice(0, line).reduce((sum, each) => sum + each.length + 1, 0)
  return offset + Math.min(indent + column - 1, found.length)
}

/**
 * The same place in a text as it was written, before values were put in: its line, and there the same expression or the start.
 * Undefined where lines have come or gone.
 */
export function placeAsWritten(written: string, resolved: string, place: Place): Place | undefined {
  const [before, after] = [written.split('\n'), resolved.split('\n')]
  const [own, now] = [before[place.line - 1], after[place.line - 1]]
  if (before.length !== after.length || own === undefined || now === undefined) return undefined
  if (own === now) return place
  const nth = openings(now.slice(0, place.column)).length - 1
  const all = openings(own)
  const opening = all.length === openings(now).length ? all[nth] : all[0]
  return { line: place.line, column: opening ?? own.length - own.trimStart().length + 1 }
}

/** Columns, from 1, of what stands first in each `{{`. */
const openings = (line: string) => [...line.matchAll(/\{\{\s*/g)].map((found) => found.index + found[0].length + 1)
