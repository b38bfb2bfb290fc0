import type { TestStatus } from '../timing.ts'
import { exportedFiles } from './exported.ts'
import {
  type FoundRun,
  type FoundTest,
  maybeJson,
  ms,
  readJson,
  statusOfAll,
  type TimingsFormat,
  totalMs,
  unreadable,
} from './format.ts'

/** Titles of a test, as Playwright itself shows them. */
export const TITLES = ' › '
const STATUS: Record<string, TestStatus> = { expected: 'passed', flaky: 'passed', unexpected: 'failed', skipped: 'skipped' }

/** The json reporter of Playwright. A test's time is that of its last attempt: an earlier one was a mishap. */
export const playwrightJson: TimingsFormat = {
  name: 'playwright',
  summary: 'the json reporter of Playwright',
  recognises(text) {
    const value = maybeJson(text)
    return Array.isArray(value?.suites) && typeof value.config === 'object'
  },
  read(text, { writtenMs }) {
    const report = readJson(text, 'playwright')
    if (!Array.isArray(report?.suites)) throw unreadable('playwright', 'it has no suites')
    const base = baseFolder(report.config ?? {})
    return report.suites.flatMap((suite: any) => filesOf(suite, base, writtenMs))
  },
  write(snapshot) {
    const suites = exportedFiles(snapshot).map(({ timing, durationMs, hasFailed, atMs, tests }) => ({
      title: timing.file,
      file: timing.file,
      specs: (tests.length > 0 ? tests : [{ name: timing.file, durationMs, hasFailed }]).map((test) => ({
        title: test.name,
        ok: !test.hasFailed,
        file: timing.file,
        tests: [
          {
            projectName: timing.project,
            status: test.hasFailed ? 'unexpected' : 'expected',
            results: [
              {
                status: test.hasFailed ? 'failed' : 'passed',
                duration: test.durationMs,
                startTime: new Date(atMs).toISOString(),
              },
            ],
          },
        ],
      })),
    }))
    return JSON.stringify({ config: {}, suites, errors: [] })
  },
}

/** Files are named from `rootDir`; what is above the configuration's folder is of that machine and no part of a name. */
function baseFolder({ rootDir, configFile }: { rootDir?: string; configFile?: string }): string {
  const slashed = (path: string) => path.replaceAll('\\', '/')
  if (!rootDir || !configFile) return ''
  const home = slashed(configFile).replace(/\/[^/]*$/, '/')
  return `${slashed(rootDir)}/`.startsWith(home) ? `${slashed(rootDir)}/`.slice(home.length) : ''
}

interface FoundSpec extends FoundTest {
  project: string
  atMs: number
}

function filesOf(suite: any, base: string, writtenMs: number): FoundRun[] {
  const specs = specsOf(suite, [], writtenMs)
  return [...new Set(specs.map(({ project }) => project))].map((project) => {
    const tests = specs.filter((spec) => spec.project === project)
    const file = String(suite.file)
    return {
      project,
      paths: [`${base}${file}`, file],
      atMs: tests.reduce((min, { atMs }) => Math.min(min, atMs), Number.POSITIVE_INFINITY),
      durationMs: totalMs(tests),
      status: statusOfAll(tests),
      tests: tests.map(({ name, durationMs, status }) => ({ name, durationMs, status })),
    }
  })
}

function specsOf(suite: any, titles: readonly string[], writtenMs: number): FoundSpec[] {
  const own = (suite.specs ?? []).flatMap((spec: any) =>
    (spec.tests ?? []).map((test: any): FoundSpec => {
      const last = test.results?.at(-1)
      return {
        name: [...titles, spec.title].join(TITLES),
        project: test.projectName ?? '',
        status: STATUS[test.status] ?? 'skipped',
        durationMs: ms(last?.duration),
        atMs: Date.parse(last?.startTime) || writtenMs,
      }
    }),
  )
  const nested = (suite.suites ?? []).flatMap((inner: any) => specsOf(inner, [...titles, inner.title], writtenMs))
  return [...own, ...nested]
}
