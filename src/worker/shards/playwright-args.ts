import { EverwarmError } from '../../contracts/errors.ts'
import { pathWithin } from '../commands.ts'

/** Options that are decided by the session, or that would write into the worker's checkout. */
const REFUSED = [
  '--shard',
  '--reporter',
  '--output',
  '-u',
  '--update-snapshots',
  '--ui',
  '--debug',
  '--list',
  '--last-failed',
  '--only-changed',
]
/** What a session may say; others come and go with versions of Playwright, and some of them name code. */
const ALLOWED = [
  '--browser',
  '--fail-on-flaky-tests',
  '--forbid-only',
  '--fully-parallel',
  '-g',
  '--grep',
  '-G',
  '--grep-invert',
  '--global-timeout',
  '--headed',
  '--ignore-snapshots',
  '-j',
  '--workers',
  '--max-failures',
  '--no-deps',
  '--pass-with-no-tests',
  '--project',
  '--quiet',
  '--repeat-each',
  '--retries',
  '--timeout',
  '--trace',
  '-x',
]
const PATHS = ['-c', '--config', '--tsconfig', '--test-list', '--test-list-invert']

/**
 * Looks at a session's arguments for `playwright test`.
 * @param base the worker's folder, and `directory` the project's within it; real paths
 * @throws EverwarmError BAD_INPUT, COMMAND_REFUSED
 */
export function refusePlaywrightArgs(args: readonly string[], base: string, directory: string): void {
  for (const [i, arg] of args.entries()) {
    // Also what may be the value of another one: a pattern that begins with a dash is `--grep=-a`.
    if (!arg.startsWith('-')) continue
    const { name, value = args[i + 1] ?? '' } = optionOf(arg)
    if (REFUSED.includes(name))
      throw new EverwarmError('BAD_INPUT', {
        message: `The argument ${arg} of Playwright does not go with a session.`,
        hint: 'Leave it out.',
      })
    if (PATHS.includes(name)) pathWithin(base, directory, value)
    else if (!ALLOWED.includes(name)) throw refusedOption(name)
  }
}

/** `--name=value`, `-nvalue`, `-n`. */
function optionOf(arg: string): { name: string; value?: string } {
  const at = arg.indexOf('=')
  if (arg.startsWith('--')) return at === -1 ? { name: arg } : { name: arg.slice(0, at), value: arg.slice(at + 1) }
  // Short ones may stand together: `-xc file`.
  const letters = arg.replace(/^-x+(?=.)/, '-')
  return letters.length > 2 ? { name: letters.slice(0, 2), value: letters.slice(2) } : { name: letters }
}

function refusedOption(name: string): EverwarmError {
  return new EverwarmError('COMMAND_REFUSED', {
    message: `A session may not give Playwright the option ${name.slice(0, 200)}.`,
    hint: 'Set it in the project’s configuration on the worker.',
  })
}
