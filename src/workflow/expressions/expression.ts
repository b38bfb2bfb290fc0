import { tooLarge } from './expression-error.ts'
import { MAX_TEXT } from './limits.ts'
import { parseAt } from './parser.ts'
import { print } from './printer.ts'
import { Scanner } from './scanner.ts'
import type { Node } from './tree.ts'

/** An expression that is not resolved (yet). Its text reads back as the same tree. */
export class Expression {
  readonly node: Node

  constructor(node: Node) {
    this.node = node
  }

  toString(): string {
    return print(this.node)
  }

  toJSON(): string {
    return this.toString()
  }
}

/** @throws ExpressionError EXPRESSION_INVALID with line and column; EXPRESSION_TOO_LARGE */
export function parseExpression(text: string): Expression {
  checkLength(text)
  const scanner = new Scanner(text)
  const node = parseAt(scanner)
  scanner.space()
  if (scanner.at < text.length) throw scanner.expected('an operator or the end')
  return new Expression(node)
}

/** @throws ExpressionError EXPRESSION_TOO_LARGE */
export function checkLength(text: string): void {
  if (text.length > MAX_TEXT) throw tooLarge(`The text has more than ${MAX_TEXT} characters.`)
}
