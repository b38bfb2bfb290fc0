import { isRecord, type JsonReportReader, numberOf, summaryOf } from './report.ts'

/** The json reporter of Vitest, and that of Jest, which has the same shape. */
export const readVitest: JsonReportReader = (_, json) => {
  const tests = numberOf(json['numTotalTests'])
  if (tests === undefined || !Array.isArray(json['testResults'])) return undefined
  const files = json['testResults'].filter(isRecord)
  // A file that did not load has no tests that could have failed.
  const broken = files.filter((file) => file['status'] === 'failed' && isEmpty(file['assertionResults'])).length
  const skipped = (numberOf(json['numPendingTests']) ?? 0) + (numberOf(json['numTodoTests']) ?? 0)
  return {
    kind: 'vitest',
    summary: summaryOf({
      tests,
      failed: numberOf(json['numFailedTests']),
      errored: broken,
      skipped,
      durationMs: duration(json, files),
    }),
  }
}

const isEmpty = (list: unknown) => !Array.isArray(list) || list.length === 0

/** From the start to the end of the last file. */
function duration(
  json: Readonly<Record<string, unknown>>,
  files: readonly Readonly<Record<string, unknown>>[],
): number | undefined {
  const start = numberOf(json['startTime'])
  const end = files.reduce((last, file) => Math.max(last, numberOf(file['endTime']) ?? 0), 0)
  return start !== undefined && end > start ? Math.round(end - start) : undefined
}
