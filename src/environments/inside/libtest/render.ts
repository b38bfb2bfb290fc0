import type { RunOptions } from './options.ts'

/** What became of one test. */
export interface Verdict {
  status: 'ok' | 'failed' | 'ignored'
  /** Of an ignored one, if it has any. */
  reason?: string
  /** libtest does not run these where nothing can unwind. */
  isShouldPanic: boolean
  /** What it printed, both streams; empty where that was shown already. */
  output: Uint8Array
}

export interface Totals {
  passed: number
  failed: number
  ignored: number
  filteredOut: number
  elapsedMs: number
}

/** libtest's output, piece by piece; latin1 text stands for bytes, so that output that is no UTF-8 stays as it is. */
export interface Renderer {
  start(count: number): string
  /** Before the test runs. */
  begin(name: string, isShouldPanic: boolean): string
  result(name: string, verdict: Verdict): string
  finish(totals: Totals): string
}

/** @see https://github.com/rust-lang/rust/tree/master/library/test/src/formatters */
export function rendererFor(format: RunOptions['format'], isShowingOutput: boolean): Renderer {
  if (format === 'json') return jsonRenderer(isShowingOutput)
  return textRenderer(format === 'terse' ? terseLines() : prettyLines(), isShowingOutput)
}

const toBytes = (text: string) => Buffer.from(text).toString('latin1')
const asText = (output: Uint8Array) => Buffer.from(output).toString('latin1')

type Lines = Pick<Renderer, 'start' | 'begin' | 'result'>

function textRenderer(lines: Lines, isShowingOutput: boolean): Renderer {
  const failures: Section[] = []
  const successes: Section[] = []
  return {
    start: lines.start,
    begin: lines.begin,
    result(name, verdict) {
      if (verdict.status === 'failed') failures.push({ name, output: asText(verdict.output) })
      if (verdict.status === 'ok') successes.push({ name, output: asText(verdict.output) })
      return lines.result(name, verdict)
    },
    finish({ passed, failed, ignored, filteredOut, elapsedMs }) {
      const counts = `${passed} passed; ${failed} failed; ${ignored} ignored; 0 measured; ${filteredOut} filtered out`
      return [
        isShowingOutput ? sections('successes', successes) : '',
        failed > 0 ? sections('failures', failures) : '',
        `\ntest result: ${failed > 0 ? 'FAILED' : 'ok'}. ${counts}; finished in ${(elapsedMs / 1_000).toFixed(2)}s\n\n`,
      ].join('')
    },
  }
}

interface Section {
  name: string
  output: string
}

function sections(title: string, list: readonly Section[]): string {
  const shown = list
    .filter(({ output }) => output !== '')
    .map(({ name, output }) => `---- ${toBytes(name)} stdout ----\n${output}\n`)
  const names = list.map(({ name }) => toBytes(name)).sort()
  const details = shown.length > 0 ? `\n${shown.join('')}` : ''
  return `\n${title}:\n${details}\n${title}:\n${names.map((name) => `    ${name}\n`).join('')}`
}

const running = (count: number) => `\nrunning ${count} ${count === 1 ? 'test' : 'tests'}\n`

function prettyLines(): Lines {
  return {
    start: running,
    begin: (name, isShouldPanic) => `test ${toBytes(name)}${isShouldPanic ? ' - should panic' : ''} ... `,
    result: (_, { status, reason }) => `${status === 'failed' ? 'FAILED' : status}${reason ? `, ${toBytes(reason)}` : ''}\n`,
  }
}

/** A line of marks ends with how far it is, when it is full or a failure needs the next one. */
const MARKS_PER_LINE = 87

function terseLines(): Lines {
  let total = 0
  let done = 0
  let column = 0
  const progress = () => {
    column = 0
    return ` ${done}/${total}\n`
  }
  return {
    start(count) {
      total = count
      return running(count)
    },
    begin: () => '',
    result(name, { status }) {
      if (status === 'failed') {
        const before = column > 0 ? progress() : ''
        done += 1
        return `${before}${toBytes(name)} --- FAILED\n`
      }
      done += 1
      column += 1
      return `${status === 'ok' ? '.' : 'i'}${column === MARKS_PER_LINE ? progress() : ''}`
    },
  }
}

function jsonRenderer(isShowingOutput: boolean): Renderer {
  return {
    start: (count) => line({ type: 'suite', event: 'started', test_count: count }),
    begin: (name) => line({ type: 'test', event: 'started', name }),
    result(name, { status, reason, output }) {
      const stdout = status === 'failed' || (status === 'ok' && isShowingOutput) ? Buffer.from(output).toString('utf8') : ''
      return line({
        type: 'test',
        name,
        event: status,
        ...(reason ? { message: reason } : {}),
        ...(stdout === '' ? {} : { stdout }),
      })
    },
    finish: ({ passed, failed, ignored, filteredOut, elapsedMs }) =>
      line({
        type: 'suite',
        event: failed > 0 ? 'failed' : 'ok',
        passed,
        failed,
        ignored,
        measured: 0,
        filtered_out: filteredOut,
        exec_time: Number((elapsedMs / 1_000).toFixed(9)),
      }),
  }
}

/** One line of JSON with libtest's spaces. */
function line(fields: Record<string, string | number>): string {
  const pairs = Object.entries(fields).map(([name, value]) => `"${name}": ${JSON.stringify(value).replaceAll('\x7f', '\\u007f')}`)
  return toBytes(`{ ${pairs.join(', ')} }\n`)
}
