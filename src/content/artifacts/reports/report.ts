import type { ReportSummary } from '../../../contracts/workflow/events.ts'

/** What a file tells of the tests that wrote it. */
export interface Report {
  kind: 'junit' | 'vitest' | 'playwright' | 'k6' | 'jmeter' | 'artillery' | 'influx'
  summary: ReportSummary
}

/** Undefined: the file is of another kind. */
export type ReportReader = (name: string, bytes: Buffer) => Report | undefined
export type JsonReportReader = (name: string, json: Readonly<Record<string, unknown>>) => Report | undefined

/** More of them are of no use to anybody. */
const MOST_METRICS = 500

export type Metrics = Record<string, number>

/** Name → number; what is no number is left out. */
export function metricsOf(entries: Iterable<readonly [string, unknown]>): Metrics {
  const metrics: Metrics = {}
  let left = MOST_METRICS
  for (const [name, value] of entries) {
    if (typeof value !== 'number' || !Number.isFinite(value)) continue
    if (left-- === 0) break
    metrics[name] = value
  }
  return metrics
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined

/** `{ a: { b: 1 } }` → `a.b`, 1. */
export function* numbersIn(value: Readonly<Record<string, unknown>>, prefix = ''): Generator<readonly [string, number]> {
  for (const [name, inner] of Object.entries(value)) {
    if (typeof inner === 'number') yield [prefix + name, inner]
    // Deeper than any report goes.
    else if (isRecord(inner) && prefix.length < 1_000) yield* numbersIn(inner, `${prefix}${name}.`)
  }
}

/** Without what is not known. */
export function summaryOf(summary: { [K in keyof ReportSummary]: ReportSummary[K] | undefined }): ReportSummary {
  return Object.fromEntries(Object.entries(summary).filter(([, value]) => value !== undefined)) as ReportSummary
}
