import { EverwarmError } from '../../contracts/errors.ts'
import type { HostName } from '../../sharding/list-files.ts'

/** What does not go with workers, and what to do instead; each by the option's name as it is written. */
const REFUSED: Readonly<Record<HostName, readonly (readonly [RegExp, string])[]>> = {
  vitest: [
    [/^--(?:watch|standalone)$|^-w$/, 'Leave it out; watch here: `npx vitest`.'],
    [/^--coverage(?:\.enabled)?$/, 'Measure it here: `npx vitest run --coverage`; what workers measure is not put together yet.'],
    [/^--update$|^-u$/, 'Update them where you work: `npx vitest -u`.'],
    [/^--shard$/, 'The session decides that: `everwarm test --shards N`.'],
    [/^--mergeReports$|^--merge-reports$/, 'Leave it out: reports are merged anyway.'],
    [/^--ui$|^--inspect(?:-brk|Brk)?$/, 'Leave it out, or run it here: `npx vitest`.'],
  ],
  playwright: [
    [/^--update-snapshots$|^-u$/, 'Update them where you work: `npx playwright test -u`.'],
    [/^--shard$/, 'The session decides that: `everwarm test --shards N`.'],
    [/^--output$/, 'Set `outputDir` in the configuration.'],
    [/^--list$/, 'List them here: `npx playwright test --list`.'],
    [/^--(?:ui(?:-host|-port)?|debug|inspect(?:-brk)?)$/, 'Leave it out, or run it here: `npx playwright test`.'],
    [/^--(?:last-failed|only-changed)$/, 'Leave it out, or name the files.'],
  ],
}

/**
 * Says once and at once what each worker would refuse.
 * @throws EverwarmError BAD_INPUT
 */
export function refuseArgs(host: HostName, args: readonly string[]): void {
  for (const [i, arg] of args.entries()) {
    const [name = ''] = arg.split('=', 1)
    if (isTurnedOff(arg, args[i + 1])) continue
    const refused = REFUSED[host].find(([pattern]) => pattern.test(name))
    if (refused) throw refusal(`\`${arg}\` does not go with workers.`, refused[1])
  }
}

/** `--coverage=false`, and `--coverage.enabled false`. */
const isTurnedOff = (arg: string, next: string | undefined) =>
  /^--[\w.-]+=(?:false|none)$/.test(arg) || (/^--(?:coverage|watch|ui|update)(?:\.enabled)?$/.test(arg) && next === 'false')

/**
 * Workers are told of files; of a line they would run what else stands in its file.
 * @throws EverwarmError BAD_INPUT
 */
export function refuseLines(host: HostName, filters: readonly string[]): void {
  const line = filters.find((filter) => /:\d+(?::\d+)?(?:-\d+)?$/.test(filter))
  if (line === undefined) return
  const by = host === 'vitest' ? '-t' : '--grep'
  throw refusal(
    `"${line}" names a line, and lines are not understood over workers.`,
    `Name the file, and the test by its name: \`${line.replace(/(?::\d+)+(?:-\d+)?$/, '')} -- ${by} NAME\`.`,
  )
}

/** @throws EverwarmError BAD_INPUT unless it stays within a worker's checkout */
export function refuseOutside(directory: string): void {
  const isOutside = /^(?:[/\\]|[A-Za-z]:)/.test(directory) || directory.split(/[/\\]/).includes('..')
  if (isOutside)
    throw refusal(
      `--directory is a folder in the workers' checkout, not "${directory}".`,
      'Write it from there, such as `packages/app`.',
    )
}

/** `--bail 2` and `--bail=2` of Vitest, `--max-failures` and `-x` of Playwright: after how many red files a session ends. */
export function bailOf(host: HostName, args: readonly string[]): number | undefined {
  const names = host === 'vitest' ? ['--bail'] : ['--max-failures']
  for (const [i, arg] of args.entries()) {
    if (host === 'playwright' && arg === '-x') return 1
    const [name = '', value = args[i + 1]] = arg.split('=')
    if (names.includes(name) && /^\d{1,6}$/.test(value ?? '')) return Number(value)
  }
  return undefined
}

const refusal = (message: string, hint: string) => new EverwarmError('BAD_INPUT', { message, hint })
