import { expect, test } from 'vitest'
import type { RunOptions } from './options.ts'
import { isRun, parseLists, renderList, selectTests } from './select.ts'

const ALL = parseLists(
  'bench_it: benchmark\nfail: test\nlevel_1::level_2::pass: test\nlevel_1::pass: test\npass: test\nslow: test\n',
  'slow: test\n',
)
type Choice = Pick<RunOptions, 'filters' | 'skips' | 'isExact' | 'ignored'>

test('lists are read, the ignored ones told by the second, and noise before libtest is left out', () => {
  expect(parseLists('hello\na: test\nb: test\n', 'hello\nb: test\nc: test\n\n')).toEqual([
    { name: 'a', kind: 'test', isIgnored: false },
    { name: 'b', kind: 'test', isIgnored: true },
    { name: 'c', kind: 'test', isIgnored: true },
  ])
  expect(parseLists('', '')).toEqual([])
  expect(parseLists('src/lib.rs - two (line 9): test\n', '')[0]!.name).toBe('src/lib.rs - two (line 9)')
})

test.for<[string, Partial<Choice>, string]>([
  ['no filter', {}, 'bench_it fail level_1::level_2::pass level_1::pass pass slow'],
  ['a whole name', { filters: ['fail'] }, 'fail'],
  ['a part of several', { filters: ['pass'] }, 'level_1::level_2::pass level_1::pass pass'],
  ['a prefix', { filters: ['level'] }, 'level_1::level_2::pass level_1::pass'],
  ['a suffix', { filters: ['2::pass'] }, 'level_1::level_2::pass'],
  ['two filters', { filters: ['fail', 'slow'] }, 'fail slow'],
  ['one that fits nothing', { filters: ['none'] }, ''],
  ['an exact name', { filters: ['pass'], isExact: true }, 'pass'],
  ['an exact part', { filters: ['pas'], isExact: true }, ''],
  ['two exact names', { filters: ['pass', 'level_1::pass'], isExact: true }, 'level_1::pass pass'],
  ['a skipped part', { skips: ['pass'] }, 'bench_it fail slow'],
  ['a skipped module', { skips: ['level_1'] }, 'bench_it fail pass slow'],
  ['a skipped module with its end', { skips: ['1::'] }, 'bench_it fail pass slow'],
  ['three skipped', { skips: ['level', 'slow', 'bench'] }, 'fail pass'],
  ['an exact skip', { skips: ['pass'], isExact: true }, 'bench_it fail level_1::level_2::pass level_1::pass slow'],
  ['filter and skip', { filters: ['pass'], skips: ['level_2'] }, 'level_1::pass pass'],
  ['only ignored', { ignored: 'only' }, 'slow'],
  ['only ignored, of none', { ignored: 'only', filters: ['pass'] }, ''],
])('%s selects', ([, choice, wanted]) => {
  const { tests, filteredOut } = selectTests(ALL, { filters: [], skips: [], isExact: false, ignored: 'skip', ...choice })
  expect(tests.map(({ name }) => name).join(' ')).toBe(wanted)
  expect(filteredOut).toBe(ALL.length - tests.length)
})

test('an ignored test runs only when asked for', () => {
  const slow = ALL.find(({ name }) => name === 'slow')!
  expect((['skip', 'only', 'include'] as const).map((ignored) => isRun(slow, ignored))).toEqual([false, true, true])
  expect(isRun(ALL[1]!, 'skip')).toBe(true)
})

test('a list ends with its counts, or with nothing where it is terse', () => {
  expect(renderList(ALL.slice(0, 2), 'pretty')).toBe('bench_it: benchmark\nfail: test\n\n1 test, 1 benchmark\n')
  expect(renderList([], 'pretty')).toBe('0 tests, 0 benchmarks\n')
  expect(renderList(ALL.slice(0, 2), 'terse')).toBe('bench_it: benchmark\nfail: test\n')
  expect(renderList([], 'terse')).toBe('')
})
