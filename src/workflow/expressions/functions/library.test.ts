import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EverwarmError } from '../../../contracts/errors.ts'
import { anyValue } from '../../../../tests/support/random-expressions.ts'
import { Expression } from '../expression.ts'
import { resolve } from '../resolve.ts'
import { namesScope } from '../scopes.ts'
import type { Value } from '../values.ts'
import { ALL_FUNCTIONS, hostScope } from './library.ts'

const host = hostScope({
  cwd: '/data/repo',
  now: () => Date.UTC(2026, 0, 9, 14, 5, 6, 70),
  readFile: (path) => `content of ${path}`,
  glob: ({ include, exclude }) => ['/z', '/a', ...include, ...exclude.map((pattern) => `not ${pattern}`)],
})
const scope = namesScope({ big: 1_000_000, none: null, map: { two: 2, one: 1 }, 'env.A': 'a' })
const valueOf = (text: string) => resolve(text, [scope, host])

test.each<[string, Value]>([
  ['string()', ''],
  ['string("a", 1, null, [1, 2])', 'a11,2'],
  ['list(1, [2, 3]..., "x")', [1, 2, 3, 'x']],
  ['join([1, "a", null])', '1,a,'],
  ['join([1, 2], "")', '12'],
  ['join(null)', null],
  ['split("a,b")', ['a', 'b']],
  ['split("a--b", "--")', ['a', 'b']],
  ['split("é😀", "")', ['é', '😀']],
  ['split("")', ['']],
  ['int("-2.9")', -2],
  ['int(-0.5)', 0],
  ['int(null)', 0],
  ['float(" 1.50 ")', 1.5],
  ['floor(-2.5)', -3],
  ['ceil(-2.5)', -2],
  ['round(-2.5)', -3],
  ['round(2.5)', 3],
  ['round(2.4)', 2],
  ['bool("off")', false],
  ['bool("False")', true],
  ['bool({})', false],
  ['tojson({"a": [1, "x"]})', '{"a":[1,"x"]}'],
  ['json("{\\"a\\": [1]}").a.0', 1],
  ['toyaml({"a": [1, "yes"]})', 'a:\n  - 1\n  - yes\n'],
  ['yaml("a: [1, yes]\\nb: 2026-01-01")', { a: [1, 'yes'], b: '2026-01-01' }],
  ['yaml("&a {x: 1}\\n")', { x: 1 }],
  ['shellquote("a b", "it\'s", "", "x")', `'a b' 'it'"'"'s' '' x`],
  ['shellparse("a \'b c\' \\"d\\" e\\\\ f")', ['a', 'b c', 'd', 'e f']],
  ['trim(" a\\n")', 'a'],
  ['len("é😀")', 2],
  ['len([1, 2])', 2],
  ['len(map)', 2],
  ['len(null)', 0],
  ['chunk([1, 2, 3], 2)', [[1, 2], [3]]],
  ['chunk([], 2)', []],
  ['at([5, 6], 1)', 6],
  ['at([5, 6], "1")', 6],
  ['at("é😀x", 1)', '😀'],
  ['at(map, "one")', 1],
  ['at(map, "toString")', null],
  ['map([5, 6], "_.value * 10 + _.index")', [50, 61]],
  ['map([5], "_.key")', [0]],
  ['map(map, "string(_.key, _.value)")', ['two2', 'one1']],
  ['map([1, 2], \'join(map([3, 4], "_.value"), string(_.value))\')', ['314', '324']],
  ['filter([1, 2, 3], "_.value > 1")', [2, 3]],
  ['filter(map, "_.value > 1")', { two: 2 }],
  [
    'entries(map)',
    [
      { key: 'two', value: 2 },
      { key: 'one', value: 1 },
    ],
  ],
  ['eval("1 + big")', 1_000_001],
  ['relpath("/data/repo/a/b")', 'a/b'],
  ['relpath("a", "/data/repo/b")', '../a'],
  ['relpath("/data/repo")', '.'],
  ['abspath("../a/./b")', '/data/a/b'],
  ['abspath("a", "/x")', '/x/a'],
  ['abspath("a", "x")', '/data/repo/x/a'],
  ['makepath("/a", "b")', '/a/b'],
  ['makepath("/a", "/b")', '/b'],
  ['makepath("", "b")', 'b'],
  ['range(3)', [0, 1, 2]],
  ['range(2, 4)', [2, 3]],
  ['range(2, 1)', []],
  ['date()', '2026-01-09T14:05:06.070Z'],
  ['date("2006-01-02 15:04:05")', '2026-01-09 14:05:06'],
  ['date("Mon, 2 Jan 06 3:04PM MST -0700")', 'Fri, 9 Jan 26 2:05PM UTC +0000'],
  ['date("Monday January _2 002 .999 ,000000")', 'Friday January  9 009 .07 ,070000'],
  ['any(none, 2)', 2],
  ['any()', null],
  ['any(false, 2)', false],
  ['file("x")', 'content of x'],
  ['glob("**/*", "!b/**", "**/*")', ['**/*', '/a', '/z', 'not b/**']],
  ['workingDir', '/data/repo'],
  ['jq({"a": [1, 2]}, ".a[] | . + 1")', [2, 3]],
])('%s is %j', (text, value) => expect(valueOf(text)).toEqual(value))

test('relpath() says the same way where /data is another folder', () => {
  const elsewhere = hostScope({ cwd: '/box/data/repo', place: (path) => path.replace(/^\/data(?=\/)/, '/box/data') })
  expect(resolve('list(relpath("/data/p/b"), relpath("a", "/data/p"))', [elsewhere])).toEqual(['../p/b', '../repo/a'])
})

test.each([
  ['trim(1)', 'trim() takes a text, not a number.'],
  ['len(1)', 'len() takes a list, a map or a text, not a number.'],
  ['len()', 'len() was given 0 arguments.'],
  ['len(1, 2)', 'len() was given 2 arguments.'],
  ['int("x")', 'What int() was given is a text that is no number.'],
  ['at([1], 1)', 'There is no item 1 in a list of 1.'],
  ['at("abc", -1)', 'There is no item -1 in a list of 3.'],
  ['chunk([1], 0)', 'at least 1'],
  ['range(1.5)', 'no whole number'],
  ['json("{")', 'not JSON'],
  ['json("1e999")', 'too large'],
  ['yaml("a: [")', 'not YAML'],
  ['yaml("a: 1\\n---\\nb: 2")', 'not YAML'],
  ['yaml(".inf")', 'too large'],
  ['shellparse("a \'b")', 'not closed'],
  ['glob("!a")', 'not an exclusion'],
  ['list(1...)', 'Only a list can stand before "...", not a number.'],
  ['eval("1 +")', 'Expected a value'],
  ['map(1, "_")', 'map() takes a list or a map, not a number.'],
  ['any(1...)', 'Only a list'],
])('%s is an error: %s', (text, message) => expect(() => valueOf(text)).toThrow(message))

test('a YAML of anchors that grow without bounds is refused', () => {
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    ...'bcdefgh'.split('').map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(',')}]`),
  ].join('\n')
  expect(() => resolve('yaml(bomb)', [namesScope({ bomb })])).toThrow(EverwarmError)
})

test('YAML and JSON texts read back as the same value', () => {
  fc.assert(
    fc.property(anyValue, (v) => {
      expect(resolve('json(tojson(v))', [namesScope({ v })])).toEqual(v)
      expect(resolve('yaml(toyaml(v))', [namesScope({ v })])).toEqual(v)
    }),
  )
})

test('any words read back from their quoted form', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (v) => {
      expect(resolve('shellparse(shellquote(v...))', [namesScope({ v })])).toEqual(v)
    }),
  )
})

test('no function throws anything but errors of ours, whatever it is given', () => {
  const names = ALL_FUNCTIONS.map(({ name }) => name).filter((name) => name !== 'jq')
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.array(anyValue, { maxLength: 3 }), (name, values) => {
      const args = values.map((value) => ({ node: { type: 'literal' as const, value }, spread: false }))
      try {
        resolve(new Expression({ type: 'call', name, args }), [host])
      } catch (error) {
        expect(error).toBeInstanceOf(EverwarmError)
        expect((error as EverwarmError).message).not.toContain('broke off')
      }
    }),
    { numRuns: 2000 },
  )
})

describe('functions of the host', () => {
  test('wait where there is none', () => {
    expect(String(resolve('list(date(), file("a"), secret("a", "b"), relpath("a"))', []))).toBe(
      'list(date(), file("a"), secret("a", "b"), relpath("a"))',
    )
  })
})
