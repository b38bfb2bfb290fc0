import { isRecord, type JsonReportReader, metricsOf, numberOf, numbersIn, summaryOf } from './report.ts'

/** `statistics.json` of JMeter's dashboard; samples are its tests. @see https://jmeter.apache.org/usermanual/generating-dashboard.html */
export const readJmeter: JsonReportReader = (name, json) => {
  const total = json['Total']
  if (!/(^|\/)statistics\.json$/.test(name) || !isRecord(total)) return undefined
  return {
    kind: 'jmeter',
    summary: summaryOf({
      tests: numberOf(total['sampleCount']),
      failed: numberOf(total['errorCount']),
      // The total first: it must not fall to the limit.
      metrics: metricsOf([...numbersIn(total, 'Total.'), ...numbersIn(json)]),
    }),
  }
}
