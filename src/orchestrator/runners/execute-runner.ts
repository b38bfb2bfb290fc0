import { EverwarmError } from '../../contracts/errors.ts'
import { type JobError, MOST_RESULT_BYTES, type RunnerAnswer } from '../../contracts/runs.ts'
import { InvalidInput, type Issue } from '../../system/checked.ts'
import { isTooDeep } from '../canonical.ts'
import type { Runner } from './define-runner.ts'
import { cut, type LogLines, logLines } from './log-lines.ts'
import { type LeaseBrowser, openPage, type OpenPage } from './playwright.ts'
import { validate } from './standard-schema.ts'

export interface Execution {
  runner: Runner
  name: string
  input: unknown
  region: string | null
  timeoutMs: number
  /** Ends it: nobody wants its result any more. */
  signal: AbortSignal
  leaseBrowser: LeaseBrowser
}

const LONGEST_STACK = 32_768
const LONGEST_MESSAGE = 16_384

/**
 * Runs a runner to its end, or to the end of its time; its page and its lease end with it. Never throws.
 * A runner that never waits for anything cannot be stopped: it holds the process.
 */
export async function executeRunner(execution: Execution): Promise<RunnerAnswer> {
  const { name, region, timeoutMs, signal } = execution
  const startedMs = performance.now()
  const lines = logLines()
  const ending = new AbortController()
  const timer = setTimeout(() => ending.abort(timedOut(name, timeoutMs)), timeoutMs)
  const cancel = () => ending.abort(cancelled(name))
  if (signal.aborted) cancel()
  signal.addEventListener('abort', cancel, { once: true })
  const about = () => ({ logs: lines.read(), duration: Math.round(performance.now() - startedMs), region })
  try {
    const result = await work(execution, lines, ending.signal)
    return { status: 'passed', ...(result === undefined ? {} : { result }), ...about() }
  } catch (error) {
    return { status: 'failed', error: jobError(ending.signal.aborted ? ending.signal.reason : error), ...about() }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', cancel)
    // Whoever still listens learns that it is over.
    ending.abort()
  }
}

async function work({ runner, name, input, region, timeoutMs, leaseBrowser }: Execution, lines: LogLines, signal: AbortSignal) {
  const checked = await until(signal, validate(runner.input, input))
  if ('issues' in checked) throw badInput(name, checked.issues)
  const opening = runner.browser === false ? undefined : openPage(leaseBrowser, runner.browser, timeoutMs)
  try {
    const open = opening && (await until(signal, opening))
    open?.page.on('console', (message) => lines.add('page', [`${message.type()}:`, message.text()]))
    const url = (checked.value as { url?: unknown } | null)?.url
    const context = {
      page: open?.page as OpenPage['page'],
      url: typeof url === 'string' ? url : '',
      region,
      log: (...parts: unknown[]) => lines.add('runner', parts),
      input: checked.value,
      signal,
    }
    return portable(
      name,
      await until(
        signal,
        Promise.resolve().then(() => runner.run(context)),
      ),
    )
  } finally {
    // One that is being leased still is given back when it comes; one whose end takes long does not hold up the answer.
    const closing = opening?.then(
      ({ close }) => close(),
      () => {},
    )
    if (!signal.aborted) await closing
  }
}

/** The promise, or the signal's reason if that comes first. */
function until<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

/** As JSON has it: what the other side will read. */
function portable(name: string, result: unknown): unknown {
  if (result === undefined) return undefined
  let text: string | undefined
  try {
    text = JSON.stringify(result)
  } catch (cause) {
    throw failed(`The result of the runner "${name}" cannot be said in JSON: ${(cause as Error).message}`)
  }
  if (text === undefined) throw failed(`The result of the runner "${name}" cannot be said in JSON: it is a ${typeof result}.`)
  if (Buffer.byteLength(text) > MOST_RESULT_BYTES)
    throw failed(`The result of the runner "${name}" has more than ${MOST_RESULT_BYTES} bytes.`)
  const value: unknown = JSON.parse(text)
  if (isTooDeep(value)) throw failed(`The result of the runner "${name}" is nested too deeply.`)
  return value
}

function badInput(name: string, issues: readonly Issue[]): InvalidInput {
  return new InvalidInput(`What the runner "${name}" was given`, issues, '`info` beside `execute` shows what it takes.')
}

function jobError(error: unknown): JobError {
  if (error instanceof EverwarmError) return error.toJSON() as JobError
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  const stack = error instanceof Error && typeof error.stack === 'string' ? { stack: cut(error.stack, LONGEST_STACK) } : {}
  return { code: 'RUNNER_FAILED', message: cut(message, LONGEST_MESSAGE), ...stack }
}

function failed(message: string): EverwarmError {
  return new EverwarmError('RUNNER_FAILED', { message, hint: 'Return plain values, and files by their address.' })
}

function timedOut(name: string, timeoutMs: number): EverwarmError {
  return new EverwarmError('RUNNER_TIMEOUT', {
    message: `The runner "${name}" was not through after ${timeoutMs} ms.`,
    hint: 'Give it more time (`runnerTimeout` of the run), or look where it waits.',
  })
}

function cancelled(name: string): EverwarmError {
  return new EverwarmError('RUN_CANCELLED', { message: `The runner "${name}" was stopped: nobody waits for it any more.` })
}
