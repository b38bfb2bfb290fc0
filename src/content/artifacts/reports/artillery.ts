import { isRecord, type JsonReportReader, metricsOf, numberOf, numbersIn, summaryOf } from './report.ts'

const PARTS = ['counters', 'rates', 'summaries', 'histograms'] as const

/** The report of `artillery run --output`; virtual users are its tests. @see https://www.artillery.io/docs/reference/reported-metrics */
export const readArtillery: JsonReportReader = (_, json) => {
  const { aggregate } = json
  if (!isRecord(aggregate) || !PARTS.every((part) => isRecord(aggregate[part]))) return undefined
  const counters = aggregate['counters'] as Readonly<Record<string, unknown>>
  const [first, last] = [numberOf(aggregate['firstMetricAt']), numberOf(aggregate['lastMetricAt'])]
  return {
    kind: 'artillery',
    summary: summaryOf({
      tests: numberOf(counters['vusers.created']),
      failed: numberOf(counters['vusers.failed']),
      durationMs: first !== undefined && last !== undefined && last >= first ? last - first : undefined,
      // Histograms hold the same as summaries.
      metrics: metricsOf(
        PARTS.slice(0, 3).flatMap((part) => [...numbersIn(aggregate[part] as Readonly<Record<string, unknown>>)]),
      ),
    }),
  }
}
