/** `reporter` of a Playwright configuration. */
export type ReporterSetting = string | readonly (readonly [string, unknown?])[] | undefined

/** What the process was started with; `env` is written to. */
interface Process {
  /** Absolute, of the reporter to add. */
  path: string
  argv: readonly string[]
  env: Record<string, string | undefined>
}

/**
 * The reporters of a configuration and ours. `--reporter` replaces them all, so that there Playwright's own variable
 * for one reporter more is set, unless somebody else has.
 */
export function withReporter(setting: ReporterSetting, { path, argv, env }: Process): [string, unknown?][] {
  const isReplaced = argv.some((argument) => /^--reporter(?:=|$)/.test(argument))
  if (isReplaced) env.PW_TEST_REPORTER ??= path
  return [...asList(setting ?? (env.CI ? 'dot' : 'list')), [path]]
}

function asList(setting: NonNullable<ReporterSetting>): [string, unknown?][] {
  return typeof setting === 'string' ? [[setting]] : setting.map((entry) => [...entry])
}
