import { isRecord, type JsonReportReader, numberOf, summaryOf } from './report.ts'

/** The json reporter of Playwright. Flaky tests have passed. */
export const readPlaywright: JsonReportReader = (_, json) => {
  const { stats, suites, errors } = json
  if (!isRecord(stats) || !Array.isArray(suites) || !isRecord(json['config'])) return undefined
  const count = (name: string) => numberOf(stats[name]) ?? 0
  const flaky = count('flaky')
  return {
    kind: 'playwright',
    summary: summaryOf({
      tests: count('expected') + count('unexpected') + flaky + count('skipped'),
      failed: count('unexpected'),
      // Outside of tests: files that did not load, a server that did not come up.
      errored: Array.isArray(errors) ? errors.length : 0,
      skipped: count('skipped'),
      durationMs: rounded(numberOf(stats['duration'])),
      metrics: flaky > 0 ? { flaky } : undefined,
    }),
  }
}

const rounded = (ms: number | undefined) => (ms === undefined ? undefined : Math.round(ms))
