import fc from 'fast-check'
import type { Place } from '../../src/workflow/expressions/expression-error.ts'
import type { Argument, Node } from '../../src/workflow/expressions/tree.ts'
import type { Value } from '../../src/workflow/expressions/values.ts'

/** For tests: values, trees and texts by chance. */
export const NAMES = ['a', 'b', 'c.d', 'matrix.browser', 'list', 'map']

export const anyText = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.constantFrom('{{', '}}', '"', "'", '\n', '\\', '{{ a }}', '0', 'off', '-1.5', '1e6', 'é😀'),
)
const anyNumber = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
  fc.constantFrom(1e6, 1e21, 1e-7, 0.1),
)
const scalar = fc.oneof(fc.constant(null), fc.boolean(), anyNumber, anyText)

export const anyValue: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2, depthSize: 'small' },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('x', 'y', 'd', '__proto__', '0'), tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value

const key = fc.constantFrom('x', 'd', '0', '1', '*', 'true')
const calls: readonly [name: string, min: number, max: number][] = [
  ['any', 0, 3],
  ['list', 0, 3],
  ['string', 0, 3],
  ['len', 1, 1],
  ['at', 2, 2],
  ['join', 1, 2],
  ['int', 1, 1],
  ['round', 1, 1],
  ['tojson', 1, 1],
  ['entries', 1, 1],
  ['unknown', 0, 2],
]
const bodies = ['_.value', 'string(a, _.value)', '_.index + 1', 'any(b, _.key)', 'a == _.value', 'b && 1 / 0', 'len(_.value)']

const op = <T extends string>(...operators: T[]) => fc.constantFrom(...operators)

/** Trees as the parser makes them, all kinds of nodes. */
export const anyTree: fc.Arbitrary<Node> = fc.letrec<{ node: Node; arg: Argument }>((tie) => ({
  arg: fc.record({ node: tie('node'), spread: fc.boolean().map((spread) => spread) }),
  node: fc.oneof(
    { maxDepth: 5, depthSize: 'medium' },
    anyValue.map((value): Node => ({ type: 'literal', value })),
    fc.constantFrom(...NAMES, 'c', 'list.0', 'list.*.x', 'map.d').map((name): Node => ({ type: 'name', names: name.split('.') })),
    fc.record({ type: fc.constant('unary'), operator: op('!', '-'), operand: tie('node') }),
    fc.record({
      type: fc.constant('binary'),
      operator: op('==', '!=', '<', '<=', '>', '>=', '+', '-', '*', '/', '%', '**'),
      left: tie('node'),
      right: tie('node'),
    }),
    fc.record({ type: fc.constant('logical'), operator: op('&&', '||'), left: tie('node'), right: tie('node') }),
    fc.record({ type: fc.constant('choice'), condition: tie('node'), yes: tie('node'), no: tie('node') }),
    fc.record({ type: fc.constant('access'), object: tie('node'), keys: fc.array(key, { minLength: 1, maxLength: 2 }) }),
    fc
      .constantFrom(...calls)
      .chain(([name, minLength, maxLength]) =>
        fc.array(tie('arg'), { minLength, maxLength }).map((args): Node => ({ type: 'call', name, args })),
      ),
    fc.tuple(op('map', 'filter'), tie('node'), fc.constantFrom(...bodies)).map(([name, list, body]): Node => ({
      type: 'call',
      name,
      args: [
        { node: list, spread: false },
        { node: { type: 'literal', value: body }, spread: false },
      ],
    })),
  ) as fc.Arbitrary<Node>,
})).node

/** A tree without the places of its text. */
export function bare<T>(tree: T): T {
  return JSON.parse(JSON.stringify(tree, (key, value: unknown) => (key === 'place' && isPlace(value) ? undefined : value))) as T
}

const isPlace = (value: unknown): value is Place =>
  typeof value === 'object' && value !== null && 'line' in value && 'column' in value
