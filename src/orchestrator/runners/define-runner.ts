import { EverwarmError } from '../../contracts/errors.ts'
import type { Page } from './playwright.ts'
import type { OutputOf, StandardSchema } from './standard-schema.ts'

export interface RunnerContext<Input> {
  /** In a context of its own of a warm browser; closed when the runner has ended. */
  page: Page
  /** `input.url`, where there is one. */
  url: string
  /** Where it runs; null: nobody said. */
  region: string | null
  /** A line for whoever reads the result; values as JSON. */
  log(...parts: unknown[]): void
  input: Input
  /** Aborted when the time is up, or nobody wants the result any more. */
  signal: AbortSignal
}

export interface RunnerGiven<Schema extends StandardSchema, Result> {
  /** Needed unless it is exported by name, or given under one. */
  name?: string
  /** zod, valibot, arktype or any other Standard Schema. */
  input: Schema
  /** `chromium` by default; `chrome`, `edge`; false: it needs none, and gets no `page`. */
  browser?: 'chromium' | 'chrome' | 'edge' | false
  /** What it returns is its result, as JSON. What it throws makes it failed. */
  run(context: RunnerContext<OutputOf<Schema>>): Promise<Result> | Result
}

const RUNNER = Symbol.for('everwarm.runner')

/** Something small to be run in many regions. */
export interface Runner {
  readonly [RUNNER]: true
  readonly name: string | undefined
  readonly input: StandardSchema
  readonly browser: 'chromium' | 'chrome' | 'edge' | false
  run(context: RunnerContext<any>): unknown
}

export type Runners = ReadonlyMap<string, Runner>
export type RunnersGiven = readonly Runner[] | Readonly<Record<string, Runner>>

/** @throws EverwarmError BAD_INPUT where `input` is no Standard Schema, or `run` no function */
export function defineRunner<Schema extends StandardSchema, Result>(given: RunnerGiven<Schema, Result>): Runner {
  const { name, input, browser = 'chromium', run } = given
  if (typeof input?.['~standard']?.validate !== 'function')
    throw wrong(`The \`input\` of the runner "${name ?? ''}" is no Standard Schema.`, 'Use a schema of zod, valibot or arktype.')
  if (typeof run !== 'function') throw wrong(`The \`run\` of the runner "${name ?? ''}" is no function.`)
  return { [RUNNER]: true, name, input, browser, run: (context) => run(context) }
}

/** By their names. @throws EverwarmError BAD_INPUT for one without, or two with the same */
export function runnersOf(given: RunnersGiven): Runners {
  const all = new Map<string, Runner>()
  const isList = Array.isArray(given)
  for (const [key, runner] of Object.entries(given)) {
    if (!isRunner(runner)) throw wrong(`"${key}" is no runner.`, 'Make it with `defineRunner`.')
    const name = runner.name ?? (isList ? undefined : key)
    if (!name) throw wrong(`The runner at ${key} has no name.`, 'Give it a `name`.')
    if (all.has(name)) throw wrong(`There are two runners "${name}".`)
    all.set(name, runner)
  }
  return all
}

/** The runners that a module exports, each by itself or as a list. @throws EverwarmError BAD_INPUT */
export function exportedRunners(module: Readonly<Record<string, unknown>>): Runners {
  const found = Object.entries(module).flatMap(([key, value]): [string, Runner][] => {
    if (isRunner(value)) return [[value.name ?? key, value]]
    return Array.isArray(value) ? value.filter(isRunner).map((runner) => [runner.name ?? '', runner]) : []
  })
  // `export default` of what is exported by name, too, is one runner.
  const once = found.filter(([, runner], at) => found.findIndex(([, other]) => other === runner) === at)
  return runnersOf(once.map(([name, runner]) => ({ ...runner, name })))
}

function isRunner(value: unknown): value is Runner {
  return typeof value === 'object' && value !== null && RUNNER in value
}

function wrong(message: string, hint = 'Correct it.'): EverwarmError {
  return new EverwarmError('BAD_INPUT', { message, hint })
}
