import { checkLength } from './expression.ts'
import { Budget } from './limits.ts'
import { parseAt } from './parser.ts'
import { print } from './printer.ts'
import { resolveNode } from './resolve.ts'
import { Scanner } from './scanner.ts'
import type { Scope } from './scopes.ts'
import type { Node } from './tree.ts'
import { textOf } from './values.ts'

const OPENING = '{{'
const CLOSING = '}}'

/** A text with `{{ expressions }}` in it. */
export class Template {
  /** Texts and trees; no two texts beside each other. */
  readonly parts: readonly (string | Node)[]

  constructor(parts: readonly (string | Node)[]) {
    this.parts = parts
  }

  /** The finished text, with `{{` as it is; undefined while an expression is left. */
  get text(): string | undefined {
    if (this.parts.length > 1) return undefined
    const [only = ''] = this.parts
    return typeof only === 'string' ? only : undefined
  }

  /** As a template for the next stage: what is text stays text there, `{{` too. */
  toString(): string {
    return this.parts
      .map((part, i) => (typeof part === 'string' ? escaped(part, i < this.parts.length - 1) : inBraces(print(part))))
      .join('')
  }
}

/** @throws ExpressionError EXPRESSION_INVALID with line and column in the whole text */
export function parseTemplate(text: string): Template {
  checkLength(text)
  const parts: (string | Node)[] = []
  const scanner = new Scanner(text)
  for (;;) {
    const open = text.indexOf(OPENING, scanner.at)
    if (open < 0) return new Template(merged([...parts, text.slice(scanner.at)]))
    parts.push(text.slice(scanner.at, open))
    scanner.at = open + OPENING.length
    if (!scanner.peek(CLOSING)) parts.push(parseAt(scanner))
    if (!scanner.peek(CLOSING)) throw scanner.expected('an operator or "}}"')
    scanner.at += CLOSING.length
  }
}

/** With what the scopes know put in. @throws as resolve() */
export function resolveTemplate(template: string | Template, scopes: readonly Scope[]): Template {
  const { parts } = typeof template === 'string' ? parseTemplate(template) : template
  const budget = new Budget()
  const resolved = parts.map((part) => {
    const rest = typeof part === 'string' ? part : resolveNode(part, scopes)
    return typeof rest !== 'string' && rest.type === 'literal' ? textOf(rest.value, budget) : rest
  })
  return new Template(merged(resolved))
}

function merged(parts: readonly (string | Node)[]): (string | Node)[] {
  const texts: string[] = []
  const result: (string | Node)[] = []
  const flush = () => {
    const text = texts.splice(0).join('')
    checkLength(text)
    if (text !== '') result.push(text)
  }
  for (const part of parts) {
    if (typeof part === 'string') texts.push(part)
    else {
      flush()
      result.push(part)
    }
  }
  flush()
  return result
}

/** A text for a template. One brace before an expression would open it too early. */
export function escaped(text: string, isBeforeExpression = false): string {
  const safe = text.replace(/\{{2,}/g, (braces) => inBraces(JSON.stringify(braces)))
  return isBeforeExpression && safe.endsWith('{') ? safe.slice(0, -1) + inBraces('"{"') : safe
}

const inBraces = (text: string) => `${OPENING} ${text} ${CLOSING}`
