import { expect, test } from 'vitest'
import { applyEdits } from './edit.ts'
import { referenceEdits } from './references.ts'

const rewritten = (source: string) => applyEdits(source, referenceEdits(source, new Map([['foo', 'd.foo']])))

test.each([
  ['use(foo)', 'use(d.foo)'],
  ['foo(1)', '(0,d.foo)(1)'],
  ['foo`x`', '(0,d.foo)`x`'],
  ['new foo()', 'new d.foo()'],
  ['a = { foo }', 'a = { foo: d.foo }'],
  ['a = { foo: 1, [foo]: 2 }', 'a = { foo: 1, [d.foo]: 2 }'],
  ['a.foo; a[foo]', 'a.foo; a[d.foo]'],
  ['class A { foo() { return foo } }', 'class A { foo() { return d.foo } }'],
  ['foo: for (;;) break foo', 'foo: for (;;) break foo'],
  ['typeof foo', 'typeof d.foo'],
])('%s reads the import', (source, expected) => {
  expect(rewritten(source)).toBe(expected)
})

test.each([
  '(foo) => foo',
  'function f({ foo }) { return foo }',
  'function f() { if (x) { var foo } return foo }',
  '{ let foo = 1; use(foo) }',
  'try {} catch (foo) { use(foo) }',
  'for (const foo of x) use(foo)',
  'const f = function foo() { return foo }',
  'const A = class foo { static b = foo }',
  'function f(...foo) { return () => foo }',
  'switch (x) { case 1: let foo; use(foo) }',
])('%s has a name of its own', (source) => {
  expect(rewritten(source)).toBe(source)
})

test('a default value is outside of the names it stands beside', () => {
  expect(rewritten('({ a = foo }) => a')).toBe('({ a = d.foo }) => a')
})
