import type { Failure, RunView } from './run-view.ts'
import { lastLines } from './apply-event.ts'
import { markOf, styleOf } from './marks.ts'
import { type Line, neutral } from './spans.ts'
import { bytesText, clockText, counted } from './wording.ts'

const MOST_SHOWN = 10
const TAIL_LINES = 20

/** Where things are; known to who started the execution. */
export interface Places {
  /** Of the execution; absent: not shown. */
  folder?: string
  artifacts?: string
}

/** What failed, and how all of it ended. */
export function summaryLines(view: RunView, { folder, artifacts }: Places): Line[] {
  const { error, status } = view
  const hint: Line[] = error?.hint && status !== 'canceled' ? [[{ text: `  ${neutral(error.hint)}`, style: 'dim' }]] : []
  return [...failuresText(view), resultLine(view), ...hint, ...rows(view, folder, artifacts)]
}

/** For who has not seen them when they came. */
export const warningLines = ({ warnings }: RunView): Line[] =>
  [...warnings].map((message) => [{ text: `warning: ${neutral(message)}`, style: 'yellow' }])

function failuresText(view: RunView): Line[] {
  const all = [...view.failures.values()]
  const failed = all.filter(({ status }) => status !== 'aborted')
  // What was aborted because something else failed, or somebody canceled all of it, explains nothing.
  const failures = failed.length > 0 || view.status === 'canceled' ? failed : all
  const more = failures.length - MOST_SHOWN
  return [
    ...failures.slice(0, MOST_SHOWN).flatMap(failureLines),
    ...(more > 0 ? [[{ text: `and ${counted(more, 'failed step')} more`, style: 'red' } as const]] : []),
  ]
}

function failureLines({ title, status, exitCode, error, tail }: Failure): Line[] {
  const why = exitCode === undefined ? status : `exit code ${exitCode}`
  return [
    [
      markOf(status),
      { text: ` ${neutral(title)}`, style: 'bold' },
      { text: `  ${status === 'timeout' ? status : why}`, style: 'dim' },
    ],
    ...(error ? [[{ text: `  ${error.code}: ${neutral(error.message)}` }]] : []),
    ...(error?.hint ? [[{ text: `  ${neutral(error.hint)}`, style: 'dim' } as const]] : []),
    ...lastLines(tail, TAIL_LINES, neutral).map((text): Line => [{ text: '  │ ', style: 'dim' }, { text }]),
    [],
  ]
}

function resultLine({ workflow, status, error, startedAtMs, nowMs }: RunView): Line {
  const result = [markOf(status), { text: ` ${workflow} ${status}`, style: styleOf(status) }] as const
  const time = { text: `  ${clockText(nowMs - startedAtMs)}`, style: 'dim' } as const
  return [...result, time, ...(error && status !== 'canceled' ? [{ text: `  ${error.code}: ${neutral(error.message)}` }] : [])]
}

function rows({ steps, workers, artifacts, reports }: RunView, folder?: string, location?: string): Line[] {
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
  const all = { steps: many(steps), workers: many(workers), artifacts: kept, reports: tests, files: folder ?? '' }
  return Object.entries(all)
    .filter(([, text]) => text !== '')
    .map(([name, text]): Line => [{ text: `  ${name.padEnd(10)}`, style: 'dim' }, { text }])
}
