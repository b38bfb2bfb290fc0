import { relative, resolve, sep } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import type { Suite, TestCase, TestError, TestResult as PlaywrightResult } from '@playwright/test/reporter'
import type { CaseResult, SessionTest, TestResult, TestStatus } from '../../../contracts/session.ts'
import type { Attachment, FoundResult } from '../host-types.ts'

/** Title of suites and test, as everwarm writes it. */
const fullName = (test: TestCase) => test.titlePath().slice(3).join(' > ')

function fileOf(test: TestCase): string {
  let suite: Suite | undefined = test.parent
  while (suite && suite.type !== 'file') suite = suite.parent
  return suite?.location?.file ?? test.location.file
}

const projectOf = (test: TestCase) => test.titlePath()[1] ?? ''

export function matchesEntry(test: TestCase, { path, project, only }: SessionTest): boolean {
  if (fileOf(test) !== resolve(path)) return false
  if (project !== undefined && projectOf(test) !== project) return false
  return only === undefined || only.includes(fullName(test))
}

/** Files of each project, without those of projects that others depend on: they run in every shard. */
export function listedTests(root: Suite): SessionTest[] {
  const projects = root.suites.flatMap((suite) => suite.project() ?? [])
  const shared = new Set(projects.flatMap(({ dependencies, teardown }) => [...dependencies, teardown]))
  const listed = new Map<string, SessionTest>()
  for (const test of root.allTests()) {
    const project = projectOf(test)
    if (shared.has(project)) continue
    const path = relative(process.cwd(), fileOf(test)).replaceAll(sep, '/')
    const id = project ? `[${project}] ${path}` : path
    const tags = [...new Set([...(listed.get(id)?.tags ?? []), ...test.tags])]
    listed.set(id, { id, path, ...(project ? { project } : {}), ...(tags.length > 0 ? { tags } : {}) })
  }
  return [...listed.values()]
}

/** The same tree with only these tests in it. */
export function narrowedSuite(suite: Suite, tests: ReadonlySet<TestCase>): Suite {
  const suites = suite.suites
    .filter((each) => each.allTests().some((test) => tests.has(test)))
    .map((each) => narrowedSuite(each, tests))
  const own = suite.tests.filter((test) => tests.has(test))
  const narrowed = new Map(suites.map((each) => [Object.getPrototypeOf(each) as Suite, each]))
  const entries = suite.entries().flatMap((entry): (TestCase | Suite)[] => {
    if (entry.type === 'test') return tests.has(entry) ? [entry] : []
    const inner = narrowed.get(entry)
    return inner ? [inner] : []
  })
  return Object.create(suite, { suites: { value: suites }, tests: { value: own }, entries: { value: () => entries } }) as Suite
}

/** Whether Playwright will not run it again for its own sake. */
export function isFinalAttempt(test: TestCase, { status, retry }: PlaywrightResult): boolean {
  return status === test.expectedStatus || status === 'skipped' || status === 'interrupted' || retry >= test.retries
}

export function entryResult(
  test: SessionTest,
  cases: readonly TestCase[],
  { startedMs, endedMs }: { startedMs: number; endedMs: number },
): FoundResult {
  const results = cases.map(caseResult)
  const bad = results.find(({ status }) => status === 'failed' || status === 'timedOut')
  const result: TestResult = {
    testId: test.id,
    testPath: test.path,
    ...(test.name === undefined ? {} : { testName: test.name }),
    status: worst(results.map(({ status }) => status)),
    duration: endedMs - startedMs,
    ...(bad ? { error: `${bad.name}: ${bad.error ?? ''}`.slice(0, 4_096) } : {}),
    startedAt: new Date(startedMs).toISOString(),
    finishedAt: new Date(endedMs).toISOString(),
    cases: results,
  }
  return { result, attachments: cases.flatMap(attachmentsOf) }
}

function worst(statuses: readonly TestStatus[]): TestStatus {
  if (statuses.includes('failed')) return 'failed'
  if (statuses.includes('timedOut')) return 'timedOut'
  return statuses.includes('passed') ? 'passed' : 'skipped'
}

const MAX_ERROR_CHARS = 16_384
function caseResult(test: TestCase): CaseResult {
  const last = test.results.at(-1)
  const error = last?.errors[0]
  const project = projectOf(test)
  return {
    name: project ? `[${project}] ${fullName(test)}` : fullName(test),
    status: statusOf(test, last),
    ...(last ? { duration: Math.max(0, last.duration) } : {}),
    ...(error
      ? { error: plain(error.message ?? error.value ?? '') }
      : last
        ? {}
        : { error: 'It did not run: what it depends on has failed.' }),
    ...(error?.stack ? { errorStack: plain(error.stack) } : {}),
    ...(last && last.retry > 0 ? { retryCount: last.retry } : {}),
  }
}

function statusOf(test: TestCase, last: PlaywrightResult | undefined): TestStatus {
  if (!last) return 'failed'
  const outcome = test.outcome()
  if (outcome === 'skipped') return last.status === 'interrupted' ? 'failed' : 'skipped'
  if (outcome !== 'unexpected') return 'passed'
  return last.status === 'timedOut' ? 'timedOut' : 'failed'
}

/** Playwright colours its errors. */
const plain = (text: string) => stripVTControlCharacters(text).slice(0, MAX_ERROR_CHARS)

function attachmentsOf(test: TestCase, caseIndex: number): Attachment[] {
  return test.results.flatMap(({ attachments }) =>
    attachments.flatMap(({ name, contentType, path }) =>
      path === undefined ? [] : [{ path, name, type: contentType, caseIndex }],
    ),
  )
}

/**
 * A file that Playwright could not load; undefined: none of the errors is about it.
 * @param isAlone nothing else was asked for, so that every error is about it
 */
export function unloadedResult(test: SessionTest, errors: readonly TestError[], isAlone: boolean): TestResult | undefined {
  // Not where the name goes on: a.ts is no part of a.tsx.
  const named = new RegExp(`${escapePattern(resolve(test.path))}(?![\\w.-])`)
  const isNamed = ({ location, stack, message }: TestError) =>
    [location?.file, message, stack].some((text) => text !== undefined && named.test(text))
  const error = errors.find((each) => isNamed(each)) ?? (isAlone ? errors[0] : undefined)
  if (!error) return undefined
  const now = new Date().toISOString()
  return {
    testId: test.id,
    testPath: test.path,
    status: 'failed',
    duration: 0,
    error: plain(error.message ?? error.value ?? 'It could not be loaded.'),
    ...(error.stack ? { errorStack: plain(error.stack) } : {}),
    startedAt: now,
    finishedAt: now,
  }
}

const escapePattern = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
