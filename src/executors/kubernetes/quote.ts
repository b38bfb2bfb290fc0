/** One word for a POSIX shell. */
export const quote = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`

/** Names that a shell cannot export, or that mean something to it: such a variable goes to the command by way of `env`. */
const OF_SHELLS = new Set(['PPID', 'UID', 'EUID', 'IFS', 'OPTIND', 'LINENO', 'BASHOPTS', 'SHELLOPTS', 'BASH_VERSINFO', 'GROUPS'])
const isExportable = (name: string) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !OF_SHELLS.has(name)

export interface CommandSpec {
  argv: readonly string[]
  env: Readonly<Record<string, string>>
  cwd: string
}

/** Ends of the check. */
export const NO_FOLDER = 121
export const NO_PROGRAM = 122

/**
 * The command as lines for `eval`, with `check` as first argument only looked at. They come by standard input, so that values of the
 * environment are in nobody's arguments; but a variable whose name no shell can export is in those of `env` for a moment, inside.
 */
export function commandLines({ argv: [program = '', ...args], env, cwd }: CommandSpec, hidden: readonly string[]): string {
  const names = Object.keys(env)
  const exported = names.filter(isExportable).map((name) => `export ${name}=${quote(env[name]!)}`)
  const others = names.filter((name) => !isExportable(name)).map((name) => quote(`${name}=${env[name]}`))
  const isThere = program.includes('/')
    ? `{ [ -f ${quote(program)} ] && [ -x ${quote(program)} ]; }`
    : `command -v ${quote(program)} >/dev/null 2>&1`
  const words = [...(others.length > 0 ? ['env', ...others] : []), ...[program, ...args].map(quote)]
  return [
    `unset ${hidden.filter(isExportable).join(' ')}`,
    ...exported,
    `cd ${quote(cwd)} 2>/dev/null || exit ${NO_FOLDER}`,
    `${isThere} || exit ${NO_PROGRAM}`,
    `[ "$1" != check ] || exit 0`,
    `exec ${words.join(' ')}`,
  ].join('\n')
}
