import { failuresLines, shownFailures } from './failure-lines.ts'
import type { Failure, RunView, StepCounts } from './run-view.ts'
import { markOf, styleOf } from './marks.ts'
import { type Line, neutral } from './spans.ts'
import { bytesText, clockText, counted } from './wording.ts'

const LABEL = 12

/** Where things are; known to who started the execution. */
export interface Places {
  /** Of the execution; absent: not shown. */
  folder?: string
  artifacts?: string
}

/** What failed, and how all of it ended. */
export function summaryLines(view: RunView, { folder, artifacts }: Places): Line[] {
  const shown = shownFailures(view)
  return [...failuresLines(shown, view.id, folder), ...resultLines(view, shown), ...rows(view, folder, artifacts)]
}

/** For who has not seen them when they came. */
export const warningLines = ({ warnings }: RunView): Line[] =>
  [...warnings].map((message) => [{ text: `warning: ${neutral(message)}`, style: 'yellow' }])

function resultLines({ workflow, status, error, startedAtMs, nowMs }: RunView, shown: readonly Failure[]): Line[] {
  const result = [markOf(status), { text: ` ${workflow} ${status}`, style: styleOf(status) }] as const
  const time = { text: `  ${clockText(nowMs - startedAtMs)}`, style: 'dim' } as const
  // What stands with its step need not be said again.
  const isSaid = shown.some((failure) => failure.error?.message === error?.message)
  if (!error || status === 'canceled' || isSaid) return [[...result, time]]
  const hint: Line[] = error.hint ? [[{ text: `  ${neutral(error.hint)}`, style: 'dim' }]] : []
  return [[...result, time, { text: `  ${error.code}: ${neutral(error.message)}` }], ...hint]
}

function rows({ steps, workerSteps, workers, artifacts, reports }: RunView, folder?: string, location?: string): Line[] {
  const many = (all: Record<string, number>) =>
    Object.entries(all)
      .filter(([, count]) => count > 0)
      .map(([word, count]) => `${count} ${word}`)
      .join(', ')
  const kept =
    artifacts.files === 0
      ? ''
      : `${counted(artifacts.files, 'file')}, ${bytesText(artifacts.bytes)}${location ? `, ${location}` : ''}`
  const tests =
    reports.files === 0
      ? ''
      : `${counted(reports.files, 'file')}: ${many({ tests: reports.tests, failed: reports.failed, skipped: reports.skipped }) || 'no tests'}`
  const counts = ({ optionalFailed, ...rest }: StepCounts) => many({ ...rest, 'failed (optional)': optionalFailed })
  const all = {
    steps: counts(steps),
    workers: many(workers),
    'their steps': counts(workerSteps),
    artifacts: kept,
    reports: tests,
    files: folder ?? '',
  }
  return Object.entries(all)
    .filter(([, text]) => text !== '')
    .map(([name, text]): Line => [{ text: `  ${name.padEnd(LABEL)}`, style: 'dim' }, { text }])
}
