import { ExpressionError, type Place } from './expression-error.ts'
import { MAX_VALUE_DEPTH } from './limits.ts'
import { type Value, valueFrom } from './values.ts'

const SPACE = ' \t\r\n'
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y
const ACCESSOR = /\.(\*|[A-Za-z0-9_]+)/y
const NUMBER = /(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
/** The longest first. */
const SYMBOLS = ['...', '**', '||', '&&', '==', '!=', '<>', '<=', '>=', ...'?:()<>=+-*/%!,']
const CLOSING = { '[': ']', '{': '}' } as const

/** Reads the words of the language at a position of a text, which may be a template around it. */
export class Scanner {
  readonly text: string
  at: number
  #lines: number[] | undefined

  constructor(text: string, at = 0) {
    this.text = text
    this.at = at
  }

  place(at = this.at): Place {
    this.#lines ??= [...this.text.matchAll(/\n/g)].map(({ index }) => index + 1)
    let line = 0
    let end = this.#lines.length
    while (line < end) {
      const middle = (line + end) >> 1
      if (this.#lines[middle]! <= at) line = middle + 1
      else end = middle
    }
    return { line: line + 1, column: at - (line === 0 ? 0 : this.#lines[line - 1]!) + 1 }
  }

  invalid(message: string, { at = this.at, hint }: { at?: number; hint?: string } = {}): ExpressionError {
    return new ExpressionError('EXPRESSION_INVALID', { message, place: this.place(at), hint })
  }

  /** At the end, or at what no word begins with, there is an error about what should be here. */
  expected(what: string, hint?: string): ExpressionError {
    this.space()
    const found = this.text.codePointAt(this.at)
    // One character: more of a text may be a secret.
    const shown = found === undefined ? 'the end' : JSON.stringify(String.fromCodePoint(found))
    return this.invalid(`Expected ${what}, found ${shown}.`, { hint: hint ?? this.#habit() })
  }

  /** What other languages write here. */
  #habit(): string | undefined {
    const [before, rest] = [this.text.slice(Math.max(0, this.at - 10), this.at), this.text.slice(this.at, this.at + 10)]
    if (/^and\b/.test(rest)) return 'Write && for `and`.'
    if (/^or\b/.test(rest)) return 'Write || for `or`.'
    if (/\bnot\s+$/.test(before)) return 'Write ! for `not`.'
    return this.text.startsWith('.', this.at) && this.text.lastIndexOf('{{', this.at) >= 0
      ? 'Braces for another program are written {{ "{{" }}, such as {{ "{{" }}.Names}}.'
      : undefined
  }

  space(): void {
    while (this.at < this.text.length && SPACE.includes(this.text[this.at]!)) this.at++
  }

  peek(text: string): boolean {
    this.space()
    return this.text.startsWith(text, this.at)
  }

  /** The symbol that is next, unread. `}}` is none. */
  symbol(): string | undefined {
    this.space()
    return SYMBOLS.find((symbol) => this.text.startsWith(symbol, this.at))
  }

  take(symbol: string): boolean {
    if (this.symbol() !== symbol) return false
    this.at += symbol.length
    return true
  }

  name(): string | undefined {
    this.space()
    return this.#match(NAME)
  }

  /** `.name`, `.0` or `.*`, without space before it. */
  accessor(): string | undefined {
    return this.#match(ACCESSOR)?.slice(1)
  }

  number(): number | undefined {
    this.space()
    const start = this.at
    const text = this.#match(NUMBER)
    if (text === undefined) return undefined
    if (/[A-Za-z0-9_]/.test(this.text[this.at] ?? ''))
      throw this.invalid('A number is written as in JSON.', { at: start, hint: 'No leading zeros, no 0x, no letters after it.' })
    const value = Number(text)
    if (!Number.isFinite(value)) throw this.invalid('The number is too large.', { at: start })
    return value
  }

  /** `"…"` as in JSON, where raw newlines and tabs may stand too; or `'…'`, where only `\'` means something else. */
  string(): string | undefined {
    this.space()
    const quote = this.text[this.at]
    if (quote !== '"' && quote !== "'") return undefined
    const start = this.at
    const raw = this.#rawString(quote)
    if (quote === '"') return this.#json(raw, start) as string
    return this.text.slice(start + 1, this.at - 1).replaceAll("\\'", "'")
  }

  /** `[…]` or `{…}` as in JSON: no expressions inside. */
  json(): Value | undefined {
    this.space()
    if (this.text[this.at] !== '[' && this.text[this.at] !== '{') return undefined
    const start = this.at
    const open: string[] = []
    let raw = ''
    do {
      const char = this.text[this.at]
      if (char === undefined) throw this.invalid(`The ${open[0] === ']' ? 'list' : 'map'} has no end.`, { at: start })
      if (char === '"') raw += this.#rawString(char)
      else {
        raw += char
        this.at++
      }
      if (char === '[' || char === '{') open.push(CLOSING[char])
      else if ((char === ']' || char === '}') && open.pop() !== char)
        throw this.invalid('Brackets of a list or map do not match.', { at: this.at - 1 })
      if (open.length > MAX_VALUE_DEPTH) throw this.invalid(`Lists and maps are more than ${MAX_VALUE_DEPTH} levels deep.`)
    } while (open.length > 0)
    return valueFrom(this.#json(raw, start))
  }

  /** A text with its quotes, as JSON wants it. */
  #rawString(quote: string): string {
    const start = this.at
    this.at++
    for (; this.at < this.text.length; this.at++) {
      const char = this.text[this.at]
      if (char === quote) {
        this.at++
        return this.text.slice(start, this.at).replace(/[\n\r\t]/g, escaped)
      }
      if (char !== '\\' || (quote === "'" && this.text[this.at + 1] !== quote)) continue
      this.at++
      // Made an escape as below, it would be a backslash and a letter.
      if ('\n\r\t'.includes(this.text[this.at] || '-'))
        throw this.invalid('A backslash stands before the end of a line or a tab.')
    }
    throw this.invalid('The text has no end.', { at: start, hint: `Close it with ${quote}.` })
  }

  #json(raw: string, start: number): unknown {
    try {
      return JSON.parse(raw)
    } catch {
      // Its message quotes the text.
      throw this.invalid(`${raw[0] === '"' ? 'A text in double quotes' : 'A list or map'} is written as in JSON.`, {
        at: start,
        hint:
          raw[0] === '"'
            ? 'Write a backslash twice, or use single quotes.'
            : 'Inside of lists and maps there are no expressions: use list(…), or entries in a template.',
      })
    }
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text)?.[0]
    if (found !== undefined) this.at += found.length
    return found
  }
}

const escaped = (char: string) => (char === '\n' ? '\\n' : char === '\r' ? '\\r' : '\\t')
