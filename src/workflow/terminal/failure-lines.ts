import { lastLines } from './tail.ts'
import { join } from 'node:path'
import { markOf } from './marks.ts'
import type { Failure, RunView } from './run-view.ts'
import { type Line, neutral } from './spans.ts'
import { exitCodeWords } from './step-words.ts'
import { counted } from './wording.ts'

const MOST_SHOWN = 10
const TAIL_LINES = 20

/** Those that explain the end. */
export function shownFailures(view: RunView): Failure[] {
  const all = [...view.failures.values()]
  const failed = all.filter(({ status }) => status !== 'aborted')
  // What was aborted because something else failed, or somebody canceled all of it, explains nothing.
  return failed.length > 0 || view.status === 'canceled' ? failed : all
}

/** @param folder of the execution, if it is shown */
export function failuresLines(failures: readonly Failure[], id: string, folder: string | undefined): Line[] {
  const first = failures.filter((failure, i) => !failures.slice(0, i).some((earlier) => isBehind(failure, earlier)))
  const later = failures.filter((failure) => !first.includes(failure))
  const more = Math.max(0, first.length - MOST_SHOWN) + Math.max(0, later.length - MOST_SHOWN)
  return [
    ...first.slice(0, MOST_SHOWN).flatMap((failure) => failureLines(failure, folder)),
    ...(later.length === 0 ? [] : [[{ text: 'What ran all the same, and failed, too:', style: 'dim' } as const]]),
    ...later.slice(0, MOST_SHOWN).map((failure): Line => [...headSpans(failure), ...causeSpans(failure)]),
    ...(later.length === 0 ? [] : [[]]),
    ...(more > 0 ? [moreLine(more, id)] : []),
  ]
}

/** It ran though the other had failed in it, or before it: most often a consequence. */
function isBehind({ unit, serial }: Failure, earlier: Failure): boolean {
  if (serial === 0 || earlier.serial === 0) return false
  if (earlier.unit === unit) return earlier.serial === serial
  return isWithin(unit, earlier.unit) || isWithin(earlier.unit, unit)
}

const isWithin = (inner: string, outer: string) => outer === '' || inner.startsWith(`${outer}/`)

function moreLine(more: number, id: string): Line {
  const text = `and ${counted(more, 'failed step')} more: everwarm workflow status ${id} --json`
  return [{ text, style: 'red' }]
}

function headSpans({ title, status, exitCode, isPassedNegative }: Failure): Line {
  const why = isPassedNegative ? ['it passed, but is negative'] : exitCodeWords(exitCode)
  const word = status === 'timeout' || why.length === 0 ? status : why.join(', ')
  return [markOf(status), { text: ` ${neutral(title)}`, style: 'bold' }, { text: `  ${word}`, style: 'dim' }]
}

const causeSpans = ({ error }: Failure): Line => (error ? [{ text: `  ${error.code}: ${neutral(error.message)}` }] : [])

function failureLines(failure: Failure, folder: string | undefined): Line[] {
  const { error, log, tail } = failure
  return [
    headSpans(failure),
    ...(error ? [causeSpans(failure)] : []),
    ...(error?.hint ? [[{ text: `  ${neutral(error.hint)}`, style: 'dim' } as const]] : []),
    ...lastLines(tail, TAIL_LINES, neutral).map((text): Line => [{ text: '  │ ', style: 'dim' }, { text }]),
    ...(log === undefined ? [] : [[{ text: `  ${folder === undefined ? log : join(folder, log)}`, style: 'dim' } as const]]),
    [],
  ]
}
