import { readArtillery } from './artillery.ts'
import { readInflux } from './influx.ts'
import { readJmeter } from './jmeter.ts'
import { readJunit } from './junit.ts'
import { readK6 } from './k6.ts'
import { readPlaywright } from './playwright.ts'
import { isRecord, type JsonReportReader, type Report, type ReportReader } from './report.ts'
import { readVitest } from './vitest.ts'

export type { Report } from './report.ts'

/** A larger file is no report. */
export const MOST_REPORT_BYTES = 16 * 1024 * 1024

const READERS: readonly ReportReader[] = [readJunit, readInflux]
/** The most particular first: many a JSON has `metrics`. */
const JSON_READERS: readonly JsonReportReader[] = [readJmeter, readArtillery, readPlaywright, readVitest, readK6]

/** Whether it is worth reading, by its name and its size. */
export const mayBeReport = (name: string, bytes: number): boolean =>
  bytes > 0 && bytes <= MOST_REPORT_BYTES && /\.(xml|json|influx|lp)$/i.test(name)

/**
 * What a file tells of the tests that wrote it; undefined: it is no report that anybody knows. It is the file of others: whatever is
 * in it, this never throws.
 * @param name with slashes
 */
export function readReport(name: string, bytes: Buffer): Report | undefined {
  if (!mayBeReport(name, bytes.length)) return undefined
  try {
    const json = /\.json$/i.test(name) ? jsonOf(bytes) : undefined
    return first(READERS, (read) => read(name, bytes)) ?? (json && first(JSON_READERS, (read) => read(name, json)))
  } catch {
    // A single tag or line of megabytes is too much for an expression: no report has one.
    return undefined
  }
}

function first<T>(readers: readonly T[], look: (reader: T) => Report | undefined): Report | undefined {
  for (const reader of readers) {
    const report = look(reader)
    if (report) return report
  }
  return undefined
}

function jsonOf(bytes: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString())
    return isRecord(value) ? value : undefined
  } catch {
    // No JSON, whatever its name says.
    return undefined
  }
}
