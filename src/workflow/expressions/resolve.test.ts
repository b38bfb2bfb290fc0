import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EverwarmError } from '../../contracts/errors.ts'
import { ExpressionError } from './expression-error.ts'
import { Expression, parseExpression } from './expression.ts'
import { anyTree, anyValue, bare, NAMES } from '../../../tests/support/random-expressions.ts'
import { resolve } from './resolve.ts'
import { environmentScope, namesScope, type Scope } from './scopes.ts'
import { labelsScope, STATUS_ALIASES } from './status-scope.ts'
import type { Node } from './tree.ts'
import type { Value } from './values.ts'

const scope = namesScope({
  x: 7,
  y: 3,
  big: 1_000_000,
  empty: '',
  none: null,
  text: 'abc',
  list: [1, 2, 3],
  people: [{ ip: 'a' }, { ip: 'b' }],
  map: { two: 2, list: [5] },
  'dotted.name': 'whole',
  dotted: { name: 'property', other: 'other' },
})
const valueOf = (text: string, ...scopes: Scope[]) => resolve(text, scopes.length > 0 ? scopes : [scope])
const restOf = (text: string, ...scopes: Scope[]) => String(valueOf(text, ...scopes))

describe('the value', () => {
  test.each<[string, Value]>([
    ['true || false && false', true],
    ['-5 + 3', -2],
    ['3 * -2 + 1', -5],
    ['-5 == -5', true],
    ['-x ? 1 : 2', 1],
    ['x ? text && y : 0', 3],
    ['true ? 1 : false ? 2 : 3', 1],
    ['2 ** 3 ** 2', 512],
    ['-2 ** 2', -4],
    ['x - (y - 1)', 5],
    ['1000000 == big', true],
    ['string(big, 1e6, 123456789012345680000)', '10000001000000123456789012345680000'],
    ["1 == '1'", true],
    ["null == ''", true],
    ["[1,2] == '1,2'", true],
    ['true == "true"', true],
    ['{"a":1} == \'{"a":1}\'', true],
    ['1 != 2', true],
    ['"10" < 9', false],
    ['"2" < "10"', true],
    ['1 < 2 < 3', true],
    ['"a" + 1', 'a1'],
    ['1 + "1"', '11'],
    ['"" + list', '1,2,3'],
    ['"" + map', '{"two":2,"list":[5]}'],
    ['"" + null', ''],
    ['null + 1', 1],
    ['7 / 2', 3.5],
    ['-7 % 3', -1],
    ['0.1 + 0.2', 0.30000000000000004],
    ['-0', 0],
    ['0 * -1', 0],
    ['0 && missing', 0],
    ['"a" || missing', 'a'],
    ['"no" && "False" && 1', 1],
    ['"off" || "0" || [] || {} || false || null || 0 || "end"', 'end'],
    ['!"false"', true],
    ['map.two', 2],
    ['map.missing', null],
    ['map.missing.deeper', null],
    ['list.0', 1],
    ['people.*.ip', ['a', 'b']],
    ['people.1.ip', 'b'],
    ['(people).*.ip', ['a', 'b']],
    ['dotted.name', 'whole'],
    ['dotted.other', 'other'],
    ['(dotted).name', 'property'],
  ])('of %s is %j', (text, value) => expect(valueOf(text)).toEqual(value))

  test.each([
    ['1 / 0', 'zero'],
    ['1 % 0', 'zero'],
    ['2 ** 5000', 'too large'],
    ['(-8) ** 0.5', 'real number'],
    ['text < 1', 'The left side of < is a text that is no number.'],
    ['1 < empty', 'an empty text that is no number'],
    ['list - 1', 'a list'],
    ['list.5', 'There is no item 5 in a list of 3.'],
    ['list.name', 'no property of a list'],
    ['text.0', 'a text'],
    ['map.*', 'the items of a list'],
    ['f(text...)', 'f(text...)'],
  ])('of %s is an error or stays: %s', (text, message) => {
    let outcome: string
    try {
      outcome = String(valueOf(text))
    } catch (error) {
      outcome = (error as Error).message
    }
    expect(outcome).toContain(message === 'f(text...)' ? 'f("abc"...)' : message)
  })

  test('that fails is an error with its place, and without the values', () => {
    const secret = namesScope({ password: 'hunter2' })
    let error: unknown
    try {
      valueOf('1 +\n  (password < 3)', secret)
    } catch (caught) {
      error = caught
    }
    expect(error).toMatchObject({ code: 'EXPRESSION_FAILED', place: { line: 2, column: 4 } })
    expect(String(error)).not.toContain('hunter2')
  })
})

describe('what is not known', () => {
  test.each([
    ['env.X + x', 'env.X + 7'],
    ['x - (env.X - 1)', '7 - (env.X - 1)'],
    ['later(x, env.X)', 'later(7, env.X)'],
    ['x && env.X', 'env.X'],
    ['env.X && (x / 0)', 'env.X && 7 / 0'],
    ['env.X ? x : y', 'env.X ? 7 : 3'],
    ['any(env.X, text)', 'any(env.X, "abc")'],
    ['any(none, env.X, 1 / 0)', 'any(env.X, 1 / 0)'],
    ['map(list, "_.value + env.X")', 'list(1 + env.X, 2 + env.X, 3 + env.X)'],
    ['map(env.X, "_.value + x")', 'map(env.X, "_.value + 7")'],
    ['filter(list, "_.value < y && env.X")', 'filter([1,2,3], "_.value < 3 && env.X")'],
    ['(env).X', '(env).X'],
    ['len(env.X...)', 'len(env.X...)'],
  ])('stays: of %s is left %s', (text, rest) => expect(restOf(text)).toBe(rest))

  test('is waited for by any(), and found by it when it is null', () => {
    const rest = valueOf("any(x, 'z')", namesScope({}))
    expect(String(rest)).toBe('any(x, "z")')
    expect(resolve(rest as Expression, [namesScope({ x: null })])).toBe('z')
    expect(resolve(rest as Expression, [namesScope({ x: 'x' })])).toBe('x')
    expect(valueOf('any(null, list..., 1 / 0)')).toBe(1)
    expect(valueOf('any([]..., 2)')).toBe(2)
  })

  test('in two stages becomes what it would in one, for any expression and any split of the names', () => {
    const outcomes = { value: 0, error: 0, rest: 0 }
    fc.assert(
      fc.property(
        anyTree,
        fc.array(anyValue, { minLength: 6, maxLength: 6 }),
        fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
        (tree, values, early) => {
          const all = NAMES.map((name, i) => [name, values[i]!] as const)
          const [first, second] = [true, false].map((when) =>
            namesScope(Object.fromEntries(all.filter((_, i) => early[i] === when))),
          )
          const once = outcomeOf(() => resolve(new Expression(tree), [namesScope(Object.fromEntries(all))]))
          const twice = outcomeOf(() => {
            const rest = resolve(new Expression(tree), [first!])
            return rest instanceof Expression ? resolve(rest.toString(), [second!]) : rest
          })
          outcomes[once.kind] += 1
          expect(twice).toEqual(once)
        },
      ),
      { numRuns: 5000 },
    )
    // The random expressions say something: none of the three is rare.
    for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(150)
  })

  test('stays the same when it is resolved again by the same names', () => {
    fc.assert(
      fc.property(anyTree, anyValue, (tree, a) => {
        const scopes = [namesScope({ a })]
        const once = outcomeOf(() => resolve(new Expression(tree), scopes))
        if (once.kind !== 'rest') return
        expect(outcomeOf(() => resolve(parseExpression(new Expression(once.rest as Node).toString()), scopes))).toEqual(once)
      }),
    )
  })
})

function outcomeOf(act: () => Value | Expression): { kind: 'value' | 'error' | 'rest'; [what: string]: unknown } {
  try {
    const result = act()
    return result instanceof Expression
      ? { kind: 'rest', rest: bare(result.node) }
      : { kind: 'value', value: JSON.stringify(result) }
  } catch (error) {
    expect(error).toBeInstanceOf(EverwarmError)
    return { kind: 'error' }
  }
}

describe('a name', () => {
  test('belongs to the first scope that knows it, whole or by its prefix', () => {
    expect(valueOf('a.b', namesScope({ a: {} }), namesScope({ 'a.b': 1 }))).toBe(null)
    expect(valueOf('a.b', namesScope({ 'a.b': 1 }), namesScope({ a: { b: 2 } }))).toBe(1)
    expect(valueOf('a.b', namesScope({ c: 1 }), namesScope({ a: { b: 2 } }))).toBe(2)
    expect(valueOf('a.b.c', namesScope({ a: {}, 'a.b': { c: 3 } }))).toBe(3)
  })

  test('of JavaScript is nobody’s', () => {
    expect(restOf('constructor')).toBe('constructor')
    expect(valueOf('map.constructor')).toBe(null)
    expect(valueOf('map.__proto__')).toBe(null)
  })

  test('may stand for an expression, which is resolved in its place', () => {
    const status = namesScope({ status: 'failed', 'self.status': 'passed' })
    expect(valueOf('[1] && list(passed, failed, success, error, always, never)', STATUS_ALIASES, status)).toEqual([
      false,
      true,
      false,
      true,
      true,
      false,
    ])
    expect(valueOf('self.passed && !self.failed', STATUS_ALIASES, status)).toBe(true)
    expect(restOf('passed', STATUS_ALIASES)).toBe('status == "passed"')
  })

  test('that stands for itself is an error', () => {
    const circle = namesScope({ a: parseExpression('b + 1'), b: parseExpression('a') })
    expect(() => valueOf('a', circle)).toThrow(expect.objectContaining({ code: 'EXPRESSION_TOO_LARGE' }))
    const wide = namesScope({
      a: parseExpression('list(b, b, b, b, b, b, b, b, b, b)'),
      b: parseExpression('list(c, c, c, c, c, c, c, c, c, c)'),
      c: parseExpression('list(d, d, d, d, d, d, d, d, d, d)'),
      d: parseExpression('list(e, e, e, e, e, e, e, e, e, e)'),
      e: parseExpression('1 + 1'),
    })
    expect(() => valueOf('a', wide)).toThrow('10000 passes')
  })

  test('of the environment is "" when it is not set', () => {
    const env = environmentScope({ A: '1' })
    expect(valueOf('env.A + env.B + "."', env)).toBe('1.')
    expect(valueOf('env', env)).toEqual({ A: '1' })
  })

  test('of a label has underscores', () => {
    expect(valueOf('labels.app_kubernetes_io_part_of', labelsScope({ 'app.kubernetes.io/part-of': 'shop' }))).toBe('shop')
  })
})

describe('what grows without bounds', () => {
  test.each([
    ['a list of a billion numbers', 'range(1e12)'],
    ['texts without end', "map(range(1000), 'join(range(100000))')"],
    ['loops inside each other', 'map(range(100000), \'map(range(100000), "1")\')'],
    ['a shared value', 'join(map(range(1000), "file"), "")'],
    ['an unknown body with a long value', 'map(range(100), "later(long)")'],
    ['an endless evaluation', 'eval(self)'],
  ])('is refused: %s', (_, text) => {
    const file = 'x'.repeat(1_000_000)
    expect(() => valueOf(text, namesScope({ file, long: file, self: 'eval(self)' }))).toThrow(
      expect.objectContaining({ code: 'EXPRESSION_TOO_LARGE' }),
    )
  })

  test('is refused behind an unknown condition, too', () => {
    expect(() => valueOf('later && map(range(100000), \'map(range(100000), "1")\')')).toThrow(ExpressionError)
    // What fails at once may be dead: it waits.
    expect(restOf('later && range(1e12)')).toBe('later && range(1000000000000)')
  })
})
