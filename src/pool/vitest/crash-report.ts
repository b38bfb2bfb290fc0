import { EverwarmError } from '../../contracts/errors.ts'
import { finishedAnswer } from './attempt.ts'
import type { RpcCall, WorkerAnswer } from './messages.ts'

/** How a process ended that was running test files. */
export interface Crash {
  code: number | null
  signal: string | null
  /** Paths as a person knows them. */
  files: readonly string[]
  /** Full names of the tests that are known to have been running. */
  tests: readonly string[]
}

const CAUSES: Record<string, string> = {
  SIGABRT: 'process.abort(), or V8 ran out of memory: see the lines above; NODE_OPTIONS=--max-old-space-size=4096 gives it more.',
  SIGSEGV: 'native code, most often that of an addon: run the file alone and leave imports out one by one.',
  SIGBUS: 'native code, most often that of an addon: run the file alone and leave imports out one by one.',
  SIGILL: 'native code, most often that of an addon: run the file alone and leave imports out one by one.',
  SIGFPE: 'native code, most often that of an addon: run the file alone and leave imports out one by one.',
  SIGKILL: 'process.kill(), or the system for want of memory: look into its log, or run fewer files at once with --maxWorkers.',
  SIGTERM: 'process.kill(), or somebody who ended it.',
}

/** A process of its own died under its files, as it would have in Vitest's `forks`. */
export function crashError({ code, signal, files, tests }: Crash): EverwarmError {
  const how = signal === null ? `exit code ${code}` : `signal ${signal}`
  const during = tests.length > 0 ? `, in the test ${tests.map((name) => `"${name}"`).join(' or ')}` : ''
  const cause = signal === null ? 'code that ends the process.' : (CAUSES[signal] ?? `whoever sends ${signal}.`)
  const next = `\`npx vitest run ${files[0] ?? ''} --no-file-parallelism\` runs it alone.`
  // The next step is part of the text: Vitest prints message and stack, and a hint only as a property.
  const error = new EverwarmError('HOST_CRASHED', {
    // Vitest's own words first: people and tools look for them.
    message: `Worker exited unexpectedly with ${how} while running ${files.join(', ')}${during}; its tests have no result. The cause is ${cause} ${next}`,
  })
  // Where in everwarm it was noticed is none of the user's business.
  error.stack = `${error.name}: ${error.message}`
  return error
}

/** A worker that did not start, in Vitest's own words; the run goes on with the other files. */
export function startError(pool: string, files: readonly string[], error: unknown): Error {
  const message = `[vitest-pool]: Failed to start ${pool} worker for test files ${files.join(', ')}.`
  const failure = new Error(message, { cause: asError(error) })
  failure.stack = `Error: ${message}`
  return failure
}

/** Errors that come from a worker are plain objects, some of which cannot even be made a string. */
export function asError(error: unknown): Error {
  if (error instanceof Error) return error
  const { message, name, stack, ...rest } = (
    typeof error === 'object' && error !== null ? error : { message: String(error) }
  ) as Partial<Error>
  const made = Object.assign(new Error(String(message ?? 'The worker did not start.')), rest)
  if (typeof name === 'string') made.name = name
  if (typeof stack === 'string') made.stack = stack
  return made
}

/**
 * What Vitest is told in place of a file's results. Not as an error of the worker: Vitest would hide it as the cause of one that
 * names the pool, and show our own calls.
 */
export function reportInstead(error: Error): [call: RpcCall, finish: WorkerAnswer] {
  const told = error instanceof EverwarmError ? toldError(error) : error
  return [{ t: 'q', m: 'onUnhandledError', a: [told, 'Unhandled Error'], i: 'instead' }, finishedAnswer()]
}

/** Vitest prints message and stack, and a hint only as a property: the next step becomes part of the text. */
function toldError({ code, message, hint }: EverwarmError): EverwarmError {
  const told = new EverwarmError(code, { message: hint ? `${message} ${hint}` : message })
  // Where in everwarm it was noticed is none of the user's business.
  told.stack = `${told.name}: ${told.message}`
  return told
}
