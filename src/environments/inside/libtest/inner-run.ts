import type { Verdict } from './render.ts'

/** How a binary is asked for one test: loud, because after a panic nobody is left to print what was captured. */
export function innerArgs(path: string, name: string, isIgnored: boolean, isBench = false): string[] {
  const how = ['--exact', '--nocapture', '--test-threads=1', '--color=never', '--format=pretty']
  return [path, name, ...how, ...(isIgnored ? ['--ignored'] : []), ...(isBench ? ['--bench'] : [])]
}

/**
 * Tells what a test prints on stdout from libtest's frame around it, as it comes. Text stands for bytes (latin1).
 */
export interface InnerRun {
  /** What of it is the test's own. */
  push(text: string): string
  /** Whether libtest has named the test: from here on it runs. */
  readonly isBegun: boolean
  readonly isShouldPanic: boolean
  /** After its last output. `rest` is the test's own. */
  end(code: number): { rest: string; verdict: Omit<Verdict, 'output'> }
}

/** What may follow a test's own output begins with one of these. */
const SUMMARY = '\n\ntest result: '
const TAILS = [`ok${SUMMARY}`, 'FAILED\n\nfailures:\n']
const PASSED = /^([\s\S]*?)(ok|ignored(?:, ([^\n]*))?|bench:[^\n]*)\n\ntest result: ok\. [^\n]*\n\n$/
const FAILED = /^([\s\S]*)FAILED\n\nfailures:\n([\s\S]*)\nfailures:\n[\s\S]*\n\ntest result: FAILED\. [^\n]*\n\n$/

export function innerRun(name: string): InnerRun {
  const wanted = Buffer.from(name).toString('latin1')
  let held = ''
  let hasOwn = false
  let isBegun = false
  let isShouldPanic = false

  function dropHeader(): boolean {
    const [, before, after] = splitAt(held, /\nrunning 1 test[^\n]*\ntest /) ?? []
    if (before === undefined || after === undefined || !after.startsWith(wanted)) return false
    const [header, mark] = /^( - should panic)? +\.\.\. /.exec(after.slice(wanted.length)) ?? []
    if (header === undefined) return false
    isBegun = true
    isShouldPanic = mark !== undefined
    held = before + after.slice(wanted.length + header.length)
    return true
  }

  return {
    get isBegun() {
      return isBegun
    },
    get isShouldPanic() {
      return isShouldPanic
    },
    push(text) {
      held += text
      if (!isBegun && !dropHeader()) return ''
      if (!hasOwn && couldBeWithoutRun(held)) return ''
      const at = tailAt(held)
      const own = held.slice(0, at)
      held = held.slice(at)
      hasOwn ||= own !== ''
      return own
    },
    end(code) {
      const passed = PASSED.exec(held)
      if (passed && code === 0) {
        const [, rest = '', word = '', reason] = passed
        const status = word.startsWith('ignored') ? 'ignored' : 'ok'
        return { rest, verdict: { status, isShouldPanic, ...(reason ? { reason } : {}) } }
      }
      const failed = FAILED.exec(held)
      if (failed) return { rest: failed[1]! + sectionOf(wanted, failed[2]!), verdict: { status: 'failed', isShouldPanic } }
      if (!isBegun && /\nrunning 0 tests\n/.test(held))
        return { rest: `the binary has no test of the name ${wanted}\n`, verdict: { status: 'failed', isShouldPanic } }
      // The test ended the process by itself: what counts then is the code, as it does for whoever started it.
      return { rest: held, verdict: { status: code === 0 ? 'ok' : 'failed', isShouldPanic } }
    },
  }
}

function splitAt(text: string, at: RegExp): [string, string, string] | undefined {
  const found = at.exec(text)
  return found ? [found[0], text.slice(0, found.index), text.slice(found.index + found[0].length)] : undefined
}

/** Where in the text a tail begins, or could begin with what comes next. */
function tailAt(text: string): number {
  return Math.min(...TAILS.map((tail) => beginOf(tail, text)))
}

function beginOf(tail: string, text: string): number {
  const whole = text.indexOf(tail)
  if (whole !== -1) return whole
  for (let length = Math.min(tail.length - 1, text.length); length > 0; length -= 1)
    if (text.endsWith(tail.slice(0, length))) return text.length - length
  return text.length
}

/** An ignored test, or a benchmark: nothing of its own, then the summary. */
function couldBeWithoutRun(text: string): boolean {
  if (['ignored, ', 'bench:'].some((word) => word.startsWith(text))) return true
  const [line] = /^(?:ignored(?:, [^\n]*)?|bench:[^\n]*)/.exec(text) ?? []
  if (line === undefined) return false
  const rest = text.slice(line.length)
  return rest.startsWith(SUMMARY) || SUMMARY.startsWith(rest)
}

/** What libtest itself has to say of the failure. */
function sectionOf(name: string, sections: string): string {
  const title = `\n---- ${name} stdout ----\n`
  const at = sections.indexOf(title)
  return at === -1 ? '' : sections.slice(at + title.length).replace(/\n$/, '')
}
