import { resolve } from 'node:path'
import { EverwarmError } from '../../../contracts/errors.ts'
import { pathWithin } from '../../commands.ts'

export interface AskedOptions {
  /** Names of files. */
  filter: readonly string[]
  /** As Vitest has parsed them: it takes any option of its configuration. */
  options: Readonly<Record<string, unknown>>
  /** The worker's folder, and the project's within it; real paths. */
  base: string
  directory: string
}

/** What a session may say: it chooses and bounds tests. Others can name code, programs or places. */
const ALLOWED = new Set([
  '--',
  'color',
  'run',
  't',
  'testNamePattern',
  'project',
  'p',
  'exclude',
  'tagsFilter',
  'strictTags',
  'retry',
  'retry.count',
  'retry.delay',
  'bail',
  'testTimeout',
  'hookTimeout',
  'teardownTimeout',
  'slowTestThreshold',
  'maxWorkers',
  'minWorkers',
  'maxConcurrency',
  'fileParallelism',
  'isolate',
  'globals',
  'allowOnly',
  'passWithNoTests',
  'dangerouslyIgnoreUnhandledErrors',
  'silent',
  'printConsoleTrace',
  'disableConsoleIntercept',
  'includeTaskLocation',
  'logHeapUsage',
  'hideSkippedTests',
  'expandSnapshotDiff',
  'clearScreen',
  'coverage',
  'coverage.enabled',
  'u',
  'update',
  'sequence.shuffle',
  'sequence.shuffle.files',
  'sequence.shuffle.tests',
  'sequence.concurrent',
  'sequence.seed',
  'sequence.hooks',
  'expect.requireAssertions',
  'expect.poll.timeout',
  'expect.poll.interval',
  'w',
  'watch',
  'browser',
  'browser.enabled',
  'browser.headless',
  'browser.isolate',
  'typecheck',
  'typecheck.enabled',
  'typecheck.only',
])
/** A name that Vitest knows, or that of an installed package; never a path or an address. */
const NAMES = new Set(['environment', 'pool', 'mode', 'reporter', 'reporters', 'browser.name'])
const NAME = /^[\w-][\w.-]*$/
const ROOTS = new Set(['root', 'r'])
const PATHS = new Set(['config', 'c', 'dir'])

/** @throws EverwarmError COMMAND_REFUSED */
export function checkedArg(arg: string): string {
  // Parsed, it would be a field of all objects there are.
  if (/^-.*(?:__proto__|prototype|constructor)/.test(arg.split('=', 1)[0]!)) throw refused(arg)
  return arg
}

/** @throws EverwarmError BAD_INPUT, COMMAND_REFUSED */
export function refuseOptions({ filter, options, base, directory }: AskedOptions): void {
  const unfit = unfitOption(filter, options)
  if (unfit) throw new EverwarmError('BAD_INPUT', unfit)
  const root = resolve(directory, typeof options['root'] === 'string' ? options['root'] : '.')
  for (const [name, value] of flat(options)) {
    if (ALLOWED.has(name) || (PATHS.has(name) && value === false)) continue
    const values = [value].flat()
    const isText = values.every((each) => typeof each === 'string')
    if (NAMES.has(name) && isText && values.every((each) => NAME.test(String(each)))) continue
    if (!isText || Array.isArray(value) || !(ROOTS.has(name) || PATHS.has(name))) throw refused(name)
    pathWithin(base, ROOTS.has(name) ? directory : root, String(value))
  }
}

/** `{ a: { b: 1 } }` → `a.b`, 1 */
function flat(options: object, before = ''): [name: string, value: unknown][] {
  return Object.entries(options).flatMap(([name, value]) =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? flat(value as object, `${before}${name}.`)
      : [[before + name, value] as [string, unknown]],
  )
}

function refused(name: string): EverwarmError {
  return new EverwarmError('COMMAND_REFUSED', {
    message: `A session may not give Vitest the option ${name.slice(0, 200)} with this value.`,
    hint: 'Set it in the project’s configuration on the worker.',
  })
}

function unfitOption(
  filter: readonly string[],
  options: Readonly<Record<string, unknown>>,
): { message: string; hint: string } | undefined {
  if (filter.length > 0)
    return {
      message: `The arguments of the session name files ("${filter.join(' ')}").`,
      hint: 'Name files as `tests` of the session.',
    }
  if (options['shard'] !== undefined)
    return { message: '`--shard` is decided by the session.', hint: 'Give the session `shards` instead.' }
  if (options['update'] === true || options['update'] === 'all')
    return {
      message: 'Snapshots that are written on a worker would be lost.',
      hint: 'Update them where you work: `npx vitest -u`.',
    }
  if (options['mergeReports'] !== undefined || options['watch'] === true)
    return { message: '`--watch` and `--merge-reports` do not go with a session.', hint: 'Leave them out.' }
  return undefined
}
