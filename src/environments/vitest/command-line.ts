import { posix } from 'node:path'
import { isDeepStrictEqual } from 'node:util'

/** What `parseCLI` of `vitest/node` makes of a command line. */
export interface CommandLine {
  filter: string[]
  options: Record<string, unknown>
}

/**
 * As Vitest's own command treats what it has parsed before it starts.
 * @see vitest: `normalizeCliOptions`
 */
export function normalized({ filter, options }: CommandLine): CommandLine {
  // Under its short name as well.
  const { exclude, testNamePattern: _later, t: _short, ...rest } = options
  const typecheck = rest['typecheck'] as { only?: unknown; enabled?: boolean } | undefined
  if (exclude !== undefined) rest['cliExclude'] = Array.isArray(exclude) ? exclude : [exclude]
  if (filter.some((each) => each.includes(':'))) rest['includeTaskLocation'] ??= true
  if (typecheck && typeof typecheck.only === 'boolean') typecheck.enabled ??= true
  return { filter: filter.map((each) => posix.normalize(each.replaceAll('\\', '/'))), options: rest }
}

/** The pattern of `-t`, which can be set when all else is prepared. */
export function namePattern({ options }: CommandLine): string | undefined {
  const pattern = options['testNamePattern']
  // `-t ''` is read as 0, and is none to Vitest.
  return pattern ? String(pattern) : undefined
}

/** Whether a Vitest made from one command line can serve another: they differ in filters and name pattern at most. */
export function isSameRun(a: CommandLine, b: CommandLine): boolean {
  return isDeepStrictEqual(normalized(a).options, normalized(b).options)
}
