import type { RunOptions } from './options.ts'

/** A line of `--list`. */
export interface ListedTest {
  name: string
  kind: 'test' | 'benchmark'
  isIgnored: boolean
}

/** Which of all tests are meant, in their order, and how many are not. Not part of it: whether an ignored one runs. */
export function selectTests<Test extends ListedTest>(
  all: readonly Test[],
  { filters, skips, isExact, ignored }: Pick<RunOptions, 'filters' | 'skips' | 'isExact' | 'ignored'>,
): { tests: Test[]; filteredOut: number } {
  const fits = (name: string, filter: string) => (isExact ? name === filter : name.includes(filter))
  const tests = all
    .filter(({ name }) => filters.length === 0 || filters.some((filter) => fits(name, filter)))
    .filter(({ name }) => !skips.some((skip) => fits(name, skip)))
    .filter(({ isIgnored }) => ignored !== 'only' || isIgnored)
  return { tests, filteredOut: all.length - tests.length }
}

/** Whether it is called, or only named. */
export function isRun(test: ListedTest, ignored: RunOptions['ignored']): boolean {
  return !test.isIgnored || ignored !== 'skip'
}

/**
 * Reads `--list --format terse`, and the same with `--ignored`, whose names are in the first as well.
 * Lines that are none are left out: what a program prints before libtest begins.
 */
export function parseLists(all: string, ignored: string): ListedTest[] {
  const ignoredNames = new Set(lines(ignored).map(({ name }) => name))
  const listed = lines(all)
  const names = new Set(listed.map(({ name }) => name))
  const others = lines(ignored).filter(({ name }) => !names.has(name))
  return [...listed, ...others].map((one) => ({ ...one, isIgnored: ignoredNames.has(one.name) }))
}

function lines(text: string): Omit<ListedTest, 'isIgnored'>[] {
  return text.split('\n').flatMap((line) => {
    const [, name, kind] = /^(.+): (test|benchmark)\r?$/.exec(line) ?? []
    return name && kind ? [{ name, kind: kind as ListedTest['kind'] }] : []
  })
}

/** What `--list` prints. The json list is the same lines: that of libtest needs what a binary does not tell. */
export function renderList(tests: readonly ListedTest[], format: RunOptions['format']): string {
  const names = tests.map(({ name, kind }) => `${name}: ${kind}\n`).join('')
  if (format !== 'pretty') return names
  const benchmarks = tests.filter(({ kind }) => kind === 'benchmark').length
  const counts = `${plural(tests.length - benchmarks, 'test')}, ${plural(benchmarks, 'benchmark')}\n`
  return tests.length === 0 ? counts : `${names}\n${counts}`
}

const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`
