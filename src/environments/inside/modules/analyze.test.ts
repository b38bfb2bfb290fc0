import { expect, test } from 'vitest'
import { analyzeEsm, dynamicImportsOfCjs, looksLikeEsm } from './analyze.ts'
import { applyEdits } from './edit.ts'
import { reassignedNames } from './reassigned.ts'
import { awaitsAtTopLevel } from './top-level-await.ts'

const rewritten = (source: string) => applyEdits(source, analyzeEsm('a.mjs', source).edits)

test('requests stand in the order of the text, imports and re-exports mixed', () => {
  const { requests } = analyzeEsm(
    'a.mjs',
    `import a from 'one'\nexport * from 'two'\nimport 'three'\nexport {} from 'four'\nexport { b } from 'five'`,
  )
  expect(requests.map(({ specifier }) => specifier)).toEqual(['one', 'two', 'three', 'four', 'five'])
})

test('rewriting keeps every line, and every column behind what it rewrites', () => {
  const source = `import {\n  a,\n  b\n} from 'x'\nexport const c = a(import.meta.url); export function d() { return import('y') }\n`
  const code = rewritten(source)
  expect(code.split('\n')).toHaveLength(source.split('\n').length)
  expect(code.split('\n')[4]).toBe(`       const c = a(__ew_meta__.url);        function d() { return __ewim('y') }`)
})

test('an erased statement does not join the lines around it', () => {
  expect(rewritten(`const f = g\nexport { f }\n(1)`)).toMatch(/^const f = g\n; +\n\(1\)$/)
})

test('an anonymous default export is named default, as the standard asks', () => {
  const evaluate = (source: string) => (new Function(`${rewritten(source)};return __ew_dflt`)() as { name: string }).name
  expect(evaluate('export default function () {}')).toBe('default')
  expect(evaluate('export default class {}')).toBe('default')
  expect(evaluate('export default () => {}')).toBe('default')
  expect(rewritten('export default function named() {}')).toContain('function named() {}')
})

test('a re-exported import is an indirect export, whatever the order of the two statements', () => {
  const { exports } = analyzeEsm('a.mjs', `export { a as b, ns }\nimport { a } from 'x'\nimport * as ns from 'y'`)
  expect(exports).toContainEqual({ kind: 'indirect', name: 'b', request: 0, imported: 'a' })
  expect(exports).toContainEqual({ kind: 'namespace', name: 'ns', request: 1 })
})

test('the type of a JSON import is read from its attributes', () => {
  expect(analyzeEsm('a.mjs', `import data from './d.json' with { type: 'json' }`).requests[0]).toEqual({
    specifier: './d.json',
    type: 'json',
  })
})

test.each([
  ['export let a = 1', []],
  ['export let a = 1; a = 2', ['a']],
  ['export let a; export function set(v) { a = v }', ['a']],
  ['export let a = 1; a++', ['a']],
  ['export let a; [a] = [1]', ['a']],
  ['export let a; ({ a } = { a: 1 })', ['a']],
  ['export let a; for (a of [1]);', ['a']],
  ['export var Kind; (function (Kind) { Kind[0] = 1 })(Kind || (Kind = {}))', []],
  ['export const a = (b) => b === 1', []],
])('what may change in %s', (source, names) => {
  expect(analyzeEsm('a.mjs', source).mutable).toEqual(names)
})

test('names are found reassigned wherever that stands', () => {
  expect(reassignedNames('const a = 1; function f() { b ||= 2; --c }')).toEqual(new Set(['b', 'c']))
})

test.each([
  ['await 1', true],
  ['for await (const x of y) {}', true],
  ['async function f() { await 1 }', false],
  ['const f = async () => { await 1 }', false],
  ['// await\nconst text = "await"', false],
])('whether %j awaits at its top level: %s', (code, expected) => {
  expect(awaitsAtTopLevel(code)).toBe(expected)
})

test('import() in CommonJS is found, also behind a return at the top', () => {
  expect(dynamicImportsOfCjs('a.cjs', `if (x) return\nmodule.exports = () => import('y')`)).toHaveLength(1)
})

test('an ambiguous text is a module by its syntax, not by its words', () => {
  expect(looksLikeEsm('a.js', 'export const a = 1')).toBe(true)
  expect(looksLikeEsm('a.js', 'exports.import = "export"')).toBe(false)
})

test('`arguments` at the top of a module is the name of nothing, and in a function its own', () => {
  const source = `export const top = typeof arguments, f = () => arguments, o = { arguments: 1 }.arguments
export function g() { return () => arguments.length }`
  expect(rewritten(source)).toBe(`       const top = typeof __ew_args, f = () => __ew_args, o = { arguments: 1 }.arguments
       function g() { return () => arguments.length }`)
})

test.each([
  ['ns.member + ns?.other + ns[name]', undefined],
  ['call(ns)', true],
  ['const all = { ...ns }', true],
  ['const { a } = ns', true],
  ['export { ns as kept }', true],
  ['other.ns + $ns + nsX', undefined],
])('a namespace is held by who does more than read members of it: %s', (use, isHeld) => {
  const { imports } = analyzeEsm('a.mjs', `import * as ns from './x.mjs'\n${use}`)
  expect(imports[0]!.isHeld).toBe(isHeld)
})
