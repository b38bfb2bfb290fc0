import type { TestStatus } from '../timing.ts'
import { type FoundTest, maybeJson, ms, readJson, type TimingsFormat, unreadable } from './format.ts'

const STATUS: Record<string, TestStatus> = { passed: 'passed', failed: 'failed' }

/** The json reporter of Vitest, and that of Jest, which has the same shape. It knows no projects. */
export const vitestJson: TimingsFormat = {
  name: 'vitest-json',
  summary: 'the json reporter of Vitest or Jest',
  recognises: (text) => Array.isArray(maybeJson(text)?.testResults),
  read(text, { writtenMs }) {
    const { testResults, startTime } = readJson(text, 'vitest-json')
    if (!Array.isArray(testResults)) throw unreadable('vitest-json', 'it has no testResults')
    return testResults.map((file: any) => ({
      paths: [String(file.name)],
      // Vitest's times may have fractions, and a file that did not load has none.
      atMs: Math.round(ms(file.startTime) || ms(startTime) || writtenMs),
      durationMs: ms(file.endTime - file.startTime),
      status: STATUS[file.status] ?? 'failed',
      tests: (file.assertionResults ?? []).map(testOf),
    }))
  },
}

function testOf({ ancestorTitles = [], title, status, duration }: any): FoundTest {
  return { name: [...ancestorTitles, title].join(' > '), durationMs: ms(duration), status: STATUS[status] ?? 'skipped' }
}
