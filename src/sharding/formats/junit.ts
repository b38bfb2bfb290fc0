import type { TestStatus } from '../timing.ts'
import { exportedFiles } from './exported.ts'
import { type FoundRun, type FoundTest, ms, statusOfAll, type TimingsFormat, totalMs, unreadable } from './format.ts'
import { xmlTags, xmlText } from '../../system/xml.ts'

/**
 * JUnit XML, as Vitest, Playwright, Bun, pytest, jest-junit and many others write it; there is no standard, so the file of a
 * test is looked for in `file`, in the suite's `file` or name, and in `classname`. It knows no projects.
 */
export const junit: TimingsFormat = {
  name: 'junit',
  summary: 'JUnit XML of Vitest, Playwright, Bun, pytest and others',
  recognises: (text, fileName) => /\.xml$/i.test(fileName) || /^\s*(?:<\?xml[^>]*>\s*)?<testsuites?\b/.test(text),
  read(text, { writtenMs }) {
    const cases = [...casesOf(text)]
    if (cases.length === 0 && !/<testsuites?\b/.test(text)) throw unreadable('junit', 'it has no test suites')
    const files = Map.groupBy(cases, ({ suite, paths }) => JSON.stringify([suite.index, paths]))
    return [...files.values()].map((own): FoundRun => {
      const { suite, paths } = own[0]!
      // A suite that is this one file also counts what its tests do not: hooks, set-up.
      const isWhole = cases.every((each) => each.suite !== suite || each.paths[0] === paths[0])
      return {
        paths,
        atMs: Date.parse(suite.attributes['timestamp'] ?? '') || writtenMs,
        durationMs: Math.max(totalMs(own), isWhole ? ms(suite.attributes['time'], 1000) : 0),
        status: statusOfAll(own),
        tests: own.map(({ name, durationMs, status }) => ({ name, durationMs, status })),
      }
    })
  },
  write: (snapshot) => junitText(exportedFiles(snapshot)),
}

/** Bun's own; it reads as JUnit does, and names the file of every test. */
export const bun: TimingsFormat = {
  ...junit,
  name: 'bun',
  summary: 'JUnit XML of `bun test --reporter=junit`',
  recognises: () => false,
}

interface Suite {
  index: number
  attributes: Record<string, string>
}

interface Case extends FoundTest {
  /** The outermost suite it is in. */
  suite: Suite
  paths: string[]
}

function* casesOf(text: string): Generator<Case> {
  const suites: Record<string, string>[] = []
  let outer: Suite = { index: 0, attributes: {} }
  let current: Case | undefined
  for (const { name, attributes, isEnd } of xmlTags(text)) {
    if (name === 'testsuite' && isEnd) suites.pop()
    if (name === 'testsuite' && !isEnd) {
      if (suites.length === 0) outer = { index: outer.index + 1, attributes }
      suites.push(attributes)
    }
    if (name === 'testcase' && !isEnd) current = caseOf(attributes, suites, outer)
    if (current && !isEnd) current.status = STATUS[name] ?? current.status
    if (name === 'testcase' && isEnd && current) {
      yield current
      current = undefined
    }
  }
}

const STATUS: Record<string, TestStatus> = { failure: 'failed', error: 'failed', skipped: 'skipped' }

function caseOf(attributes: Record<string, string>, suites: readonly Record<string, string>[], suite: Suite): Case {
  const named = [attributes['file'], ...suites.toReversed().flatMap((each) => [each['file'], each['filepath']])]
  const maybe = [...suites.map((each) => each['name']), attributes['classname']].filter((text) => looksLikeFile(text))
  const paths = [...named, ...maybe, ...dotted(attributes['classname'])].filter((path): path is string => Boolean(path))
  const inner = suites.slice(1).map((each) => each['name'])
  return {
    suite,
    paths: [...new Set(paths)],
    name: [...inner.filter(Boolean), attributes['name'] ?? ''].join(' > '),
    durationMs: ms(attributes['time'], 1000),
    status: 'passed',
  }
}

const looksLikeFile = (text: string | undefined) => text !== undefined && /^[^\s<>]+\.[a-z]{1,4}$/i.test(text)

/** pytest: `tests.auth.test_login.TestLogin` is in tests/auth/test_login.py, and only the disk knows where the file ends. */
function dotted(classname = ''): string[] {
  if (!/^[\w-]+(?:\.[\w-]+)+$/.test(classname)) return []
  const parts = classname.split('.')
  return parts.map((_, i) => `${parts.slice(0, parts.length - i).join('/')}.py`)
}

function junitText(files: ReturnType<typeof exportedFiles>): string {
  const seconds = (durationMs: number) => (durationMs / 1000).toFixed(5)
  const suites = files.map(({ timing, durationMs, hasFailed, atMs, tests }) => {
    const file = xmlText(timing.file)
    const own = tests.length > 0 ? tests : [{ name: timing.file, durationMs, hasFailed }]
    const cases = own.map((test) => {
      const open = `    <testcase classname="${file}" file="${file}" name="${xmlText(test.name)}" time="${seconds(test.durationMs)}"`
      return test.hasFailed ? `${open}><failure/></testcase>` : `${open}/>`
    })
    const failures = own.filter((test) => test.hasFailed).length
    const head = `name="${file}" file="${file}" timestamp="${new Date(atMs).toISOString()}" tests="${own.length}" failures="${failures}"`
    return [`  <testsuite ${head} time="${seconds(durationMs)}">`, ...cases, '  </testsuite>'].join('\n')
  })
  return ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites name="everwarm">', ...suites, '</testsuites>', ''].join('\n')
}
