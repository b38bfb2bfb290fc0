import { inspect } from 'node:util'
import { type LogLine, MOST_LOG_LINES } from '../../contracts/runs.ts'

const LONGEST_LINE = 8_192
const MOST_TEXT = 262_144

/** Lines with bounds: 1,000 of them, 8 KiB each, 256 KiB in all. What is too much is counted, and said in a last line. */
export interface LogLines {
  add(source: LogLine['source'], parts: readonly unknown[]): void
  read(): LogLine[]
}

export function logLines(now: () => Date = () => new Date()): LogLines {
  const lines: LogLine[] = []
  let length = 0
  let dropped = 0
  return {
    add(source, parts) {
      if (lines.length >= MOST_LOG_LINES || length >= MOST_TEXT) return void (dropped += 1)
      const text = cut(parts.map(said).join(' '), LONGEST_LINE)
      length += text.length
      lines.push({ at: now().toISOString(), source, text })
    },
    read() {
      if (dropped === 0) return [...lines]
      return [...lines, { at: now().toISOString(), source: 'runner', text: `${dropped} more lines were dropped.` }]
    },
  }
}

function said(part: unknown): string {
  if (typeof part === 'string') return part
  try {
    return inspect(part, { depth: 4, maxArrayLength: 100, maxStringLength: LONGEST_LINE, breakLength: Number.POSITIVE_INFINITY })
  } catch {
    // A getter or an `inspect` of the user's that throws.
    return '[cannot be shown]'
  }
}

export function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text
}
