import type { TestStatus } from '../timing.ts'
import { exportedFiles } from './exported.ts'
import { type FoundRun, maybeJson, ms, readJson, statusOfAll, type TimingsFormat, totalMs, unreadable } from './format.ts'

interface Result {
  file?: string
  classname?: string
  name?: string
  result?: string
  /** Seconds. */
  run_time?: number
}

const STATUS: Record<string, TestStatus> = { success: 'passed', failure: 'failed', error: 'failed', skipped: 'skipped' }

/**
 * Test results of CircleCI: `items` of its API, or `tests` of the file that `circleci tests split --split-by=timings` reads.
 * @see https://circleci.com/docs/api/v2/ (Test metadata)
 */
export const circleci: TimingsFormat = {
  name: 'circleci',
  summary: 'test metadata of CircleCI (its API, or the results.json of its jobs)',
  recognises(text) {
    const [first] = resultsOf(maybeJson(text)) ?? []
    return first !== undefined && 'run_time' in first
  },
  read(text, { writtenMs }) {
    const results = resultsOf(readJson(text, 'circleci'))
    if (!results) throw unreadable('circleci', 'it has neither items nor tests')
    const files = Map.groupBy(results, (result) => result.file || result.classname || '')
    return [...files].flatMap(([file, own]): FoundRun[] => {
      if (file === '') return []
      const tests = own.map(({ name, result, run_time: seconds }) => ({
        name: name ?? '',
        durationMs: ms(seconds, 1000),
        status: STATUS[result ?? ''] ?? 'passed',
      }))
      return [{ paths: [file], atMs: writtenMs, durationMs: totalMs(tests), status: statusOfAll(tests), tests }]
    })
  },
  write(snapshot) {
    const tests = exportedFiles(snapshot).flatMap(({ timing, durationMs, hasFailed, tests }) =>
      (tests.length > 0 ? tests : [{ name: timing.file, durationMs, hasFailed }]).map((test) => ({
        classname: timing.file,
        file: timing.file,
        name: test.name,
        result: test.hasFailed ? 'failure' : 'success',
        run_time: test.durationMs / 1000,
        source: 'everwarm',
      })),
    )
    return JSON.stringify({ tests })
  },
}

const resultsOf = (value: any): Result[] | undefined =>
  Array.isArray(value?.items) ? value.items : Array.isArray(value?.tests) ? value.tests : undefined
