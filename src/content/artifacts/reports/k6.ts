import { isRecord, type JsonReportReader, metricsOf, numberOf, numbersIn, summaryOf } from './report.ts'

/**
 * A summary of k6: of `--summary-export` (numbers directly in each metric) or of `handleSummary` (in its `values`). Checks are its tests.
 * @see https://grafana.com/docs/k6/latest/results-output/end-of-test/custom-summary/
 */
export const readK6: JsonReportReader = (_, json) => {
  if (!isRecord(json['metrics'])) return undefined
  const metrics = Object.entries(json['metrics']).flatMap(([name, metric]) =>
    isRecord(metric) ? [[name, valuesOf(metric)] as const] : [],
  )
  const numbers = metrics.flatMap(([name, values]) => [...numbersIn(values, `${name}.`)])
  if (numbers.length === 0) return undefined
  const checks = metrics.find(([name]) => name === 'checks')?.[1]
  const [passes, fails] = [numberOf(checks?.['passes']), numberOf(checks?.['fails'])]
  const state = isRecord(json['state']) ? numberOf(json['state']['testRunDurationMs']) : undefined
  return {
    kind: 'k6',
    summary: summaryOf({
      tests: passes === undefined || fails === undefined ? undefined : passes + fails,
      failed: fails,
      durationMs: state === undefined ? undefined : Math.round(state),
      metrics: metricsOf(numbers),
    }),
  }
}

const valuesOf = (metric: Readonly<Record<string, unknown>>) => (isRecord(metric['values']) ? metric['values'] : metric)
