import { createHash } from 'node:crypto'
import type { Timing } from '../timing.ts'
import { type FoundRun, maybeJson, readJson, type TimingsFormat, unreadable } from './format.ts'
import { TITLES } from './playwright.ts'

/**
 * `test-results/.last-run.json`: which tests failed, by id alone. An id is made of hashes of the file and of project, file
 * and titles, so files that are known already are found again; their failure is noted, at their usual duration.
 */
export const playwrightLastRun: TimingsFormat = {
  name: 'playwright-last-run',
  summary: 'test-results/.last-run.json of Playwright: failures of files that are known already',
  recognises: (text) => isLastRun(maybeJson(text)),
  read(text, { writtenMs, known }) {
    const value = readJson(text, 'playwright-last-run')
    if (!isLastRun(value)) throw unreadable('playwright-last-run', 'it has no failedTests')
    const failed = new Set<string>(value.failedTests)
    const files = new Set([...failed].map((id) => id.split('-')[0]!))
    const tests = new Set([...failed].map((id) => id.split('-')[1]!))
    return known.flatMap((timing) =>
      namesOf(timing.file).some((path) => files.has(sha1(path))) ? failureOf(timing, tests, writtenMs) : [],
    )
  },
}

const isLastRun = (value: any) => typeof value?.status === 'string' && Array.isArray(value.failedTests)

function failureOf(timing: Timing, failed: ReadonlySet<string>, atMs: number): FoundRun[] {
  const names = namesOf(timing.file)
  const tests = [...timing.tests.keys()].filter((test) => names.some((name) => failed.has(testHash(timing.project, name, test))))
  // The file is that of a failed test, and this project's tests are known, and none of them is it: another project's.
  if (tests.length === 0 && timing.tests.size > 0) return []
  const last = (runs: readonly { durationMs: number }[]) => runs.at(-1)?.durationMs ?? 0
  return [
    {
      project: timing.project,
      environment: timing.environment,
      paths: [timing.file],
      atMs,
      durationMs: last(timing.runs),
      status: 'failed',
      tests: tests.map((test) => ({ name: test, durationMs: last(timing.tests.get(test)!), status: 'failed' })),
    },
  ]
}

/** Playwright names files from its `rootDir` and from a project's `testDir`, which may be any folders above them. */
function namesOf(file: string): string[] {
  const parts = file.split('/')
  return parts.map((_, i) => parts.slice(i).join('/'))
}

const sha1 = (text: string) => createHash('sha1').update(text).digest('hex').slice(0, 20)
const testHash = (project: string, file: string, test: string) =>
  sha1(`[project=${project}]${[file, ...test.split(TITLES)].join('\x1e')}`)
