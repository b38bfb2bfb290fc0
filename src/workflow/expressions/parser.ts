import type { Place } from './expression-error.ts'
import { MAX_DEPTH, MAX_ITEMS, MAX_NAMES } from './limits.ts'
import { type Scanner } from './scanner.ts'
import { type Argument, type BinaryOperator, heightOf, literal, type LogicalOperator, type Node } from './tree.ts'

/** Left-associative operators by how strongly they bind. `**`, `!`, `-` and `? :` have rules of their own. */
const LEVELS: Readonly<Record<string, number>> = {
  '||': 1,
  '&&': 2,
  ...Object.fromEntries(['=', '==', '!=', '<>', '<', '<=', '>', '>='].map((symbol) => [symbol, 3])),
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
}
const SAME: Readonly<Record<string, string>> = { '=': '==', '<>': '!=' }
const KEYWORDS: ReadonlyMap<string, null | boolean> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
])

/**
 * Reads one expression where the scanner stands, and stops behind it.
 * @throws ExpressionError EXPRESSION_INVALID
 */
export function parseAt(scanner: Scanner): Node {
  const start = scanner.at
  const node = new Parser(scanner).expression()
  // A chain such as 1+1+1… needs no recursion to be read, but one to be evaluated.
  if (heightOf(node) > MAX_DEPTH) throw scanner.invalid(`The expression is more than ${MAX_DEPTH} levels deep.`, { at: start })
  return node
}

class Parser {
  readonly #scanner: Scanner
  #depth = 0
  #count = 0

  constructor(scanner: Scanner) {
    this.#scanner = scanner
  }

  expression(): Node {
    const place = this.#place()
    this.#enter()
    const condition = this.#binary(1)
    const node = this.#scanner.take('?') ? this.#choice(condition, place) : condition
    this.#depth -= 1
    return node
  }

  #choice(condition: Node, place: Place): Node {
    const yes = this.expression()
    if (!this.#scanner.take(':')) throw this.#scanner.expected('":" and the other branch')
    return { type: 'choice', condition, yes, no: this.expression(), place }
  }

  #binary(lowest: number): Node {
    const place = this.#place()
    let left = this.#unary()
    let length = 0
    for (;;) {
      const symbol = this.#scanner.symbol() ?? ''
      const level = LEVELS[symbol] ?? 0
      if (level < lowest) return left
      this.#scanner.at += symbol.length
      if (++length > MAX_DEPTH) throw this.#scanner.invalid(`The expression is more than ${MAX_DEPTH} levels deep.`)
      const right = this.#binary(level + 1)
      left = operation(SAME[symbol] ?? symbol, left, right, place)
    }
  }

  #unary(): Node {
    const place = this.#place()
    const operator = this.#scanner.take('!') ? '!' : this.#scanner.take('-') ? '-' : undefined
    if (!operator) return this.#power()
    this.#enter()
    this.#scanner.space()
    const isNumber = /[0-9]/.test(this.#scanner.text[this.#scanner.at] ?? '')
    const operand = this.#unary()
    this.#depth -= 1
    // -5 is a number, -(5) an operation on one: each is printed as it was.
    if (operator === '-' && isNumber && operand.type === 'literal' && typeof operand.value === 'number')
      return literal(operand.value === 0 ? 0 : -operand.value, place)
    return { type: 'unary', operator, operand, place }
  }

  #power(): Node {
    const place = this.#place()
    const left = this.#postfix()
    if (!this.#scanner.take('**')) return left
    this.#enter()
    const right = this.#unary()
    this.#depth -= 1
    return { type: 'binary', operator: '**', left, right, place }
  }

  #postfix(): Node {
    const place = this.#place()
    const object = this.#primary(place)
    const keys = this.#accessors(object.type === 'name' ? object.names.length : 0)
    if (keys.length === 0) return object
    if (object.type === 'name' && !this.#closedBracket) return { ...object, names: [...object.names, ...keys] }
    return { type: 'access', object, keys, place }
  }

  /** Whether what was read last is a `( … )`: (a).b is a property of what a is, a.b a name of its own. */
  #closedBracket = false

  #primary(place: Place): Node {
    const scanner = this.#scanner
    this.#closedBracket = false
    if (++this.#count > MAX_ITEMS) throw scanner.invalid(`The expression has more than ${MAX_ITEMS} values.`)
    if (scanner.take('(')) {
      const inner = this.expression()
      if (!scanner.take(')')) throw scanner.expected('")" or an operator')
      this.#closedBracket = true
      return inner
    }
    if (scanner.peek('{{'))
      throw scanner.expected(
        'a value, a name or "("',
        'An expression in a field of expressions stands by itself: leave the {{ }} away.',
      )
    const value = scanner.number() ?? scanner.string() ?? scanner.json()
    if (value !== undefined) return literal(value, place)
    const name = scanner.name()
    if (name === undefined) throw scanner.expected('a value, a name or "("')
    if (scanner.text[scanner.at] === '(') return this.#call(name, place)
    const keyword = KEYWORDS.get(name)
    return keyword === undefined ? { type: 'name', names: [name], place } : literal(keyword, place)
  }

  #call(name: string, place: Place): Node {
    const scanner = this.#scanner
    const args: Argument[] = []
    scanner.take('(')
    if (!scanner.take(')')) {
      do args.push({ node: this.expression(), spread: scanner.take('...') })
      while (scanner.take(','))
      if (!scanner.take(')')) throw scanner.expected('"," or ")"')
    }
    this.#closedBracket = false
    return { type: 'call', name, args, place }
  }

  #accessors(before: number): string[] {
    const keys: string[] = []
    for (let key = this.#scanner.accessor(); key !== undefined; key = this.#scanner.accessor()) keys.push(key)
    if (keys.length + before > MAX_NAMES) throw this.#scanner.invalid(`A dotted name has more than ${MAX_NAMES} parts.`)
    return keys
  }

  #place(): Place {
    this.#scanner.space()
    return this.#scanner.place()
  }

  /** One level of a tree is printed as at most two of these: a sign and a bracket. */
  #enter(): void {
    this.#depth += 1
    if (this.#depth > 2 * MAX_DEPTH + 2) throw this.#scanner.invalid(`The expression is more than ${MAX_DEPTH} levels deep.`)
  }
}

function operation(symbol: string, left: Node, right: Node, place: Place): Node {
  if (symbol === '&&' || symbol === '||') return { type: 'logical', operator: symbol as LogicalOperator, left, right, place }
  return { type: 'binary', operator: symbol as BinaryOperator, left, right, place }
}
