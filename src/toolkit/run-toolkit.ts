import { parseArgs } from 'node:util'
import { errorFromData } from '../contracts/errors.ts'
import { namesHint } from '../system/known-names.ts'
import type { Env } from '../system/settings.ts'
import { badInput, type ToolkitCommand, type ToolkitGiven } from './command.ts'
import { TOOLKIT_COMMANDS } from './commands.ts'

/** 155: what the command was asked for is wrong. */
const ASKED_WRONGLY =
  /^(?:BAD_INPUT|CONFIG_INVALID|WORKFLOW_INVALID|EXPRESSION_.*|FIELD_UNSUPPORTED|SECRET_UNKNOWN|GROUP_UNKNOWN)$/

/**
 * One command, from its words to its exit code: 0, 1, 155 or 137. Never rejects.
 * @param about `program`: as people have called it, for help and hints; `self`: see ToolkitGiven
 */
export async function runToolkit(words: readonly string[], env: Env, about: ToolkitProgram): Promise<number> {
  const { program, self, print, say } = about
  try {
    const [name = '', ...rest] = words
    if (name === '' || name === 'help' || name === '--help' || name === '-h') return await showHelp(about, rest[0])
    const command = commandOf(name, program)
    if (rest.includes('--help') || rest.includes('-h')) return await showHelp(about, name)
    const given = { ...parsed(name, command, rest), env, cwd: process.cwd(), self, print }
    return await (
      await command.load()
    )(given)
  } catch (error) {
    return complain(error, words[0] ?? '', env, say)
  }
}

export interface ToolkitProgram {
  program: string
  self: readonly string[]
  /** A line on standard output, and one on standard error. */
  print(line: string): void
  say(line: string): void
}

export const ON_STANDARD_STREAMS: Pick<ToolkitProgram, 'print' | 'say'> = {
  print: (line) => void process.stdout.write(`${line}\n`),
  say: (line) => void process.stderr.write(`everwarm ${line}\n`),
}

function commandOf(name: string, program: string): ToolkitCommand {
  if (Object.hasOwn(TOOLKIT_COMMANDS, name)) return TOOLKIT_COMMANDS[name]!
  const known = Object.keys(TOOLKIT_COMMANDS).filter((each) => !TOOLKIT_COMMANDS[each]!.isHidden)
  throw badInput(`There is no command "${name.slice(0, 60)}" of ${program}.`, namesHint(name, known))
}

async function showHelp({ program, print }: ToolkitProgram, name: string | undefined): Promise<number> {
  const { commandHelp, toolkitHelp } = await import('./help.ts')
  print(name === undefined ? toolkitHelp(program) : commandHelp(program, name, commandOf(name, program)))
  return 0
}

/** @throws EverwarmError BAD_INPUT */
function parsed(name: string, { options, args }: ToolkitCommand, words: string[]): Pick<ToolkitGiven, 'values' | 'positionals'> {
  const see = `See \`everwarm-toolkit ${name} --help\`.`
  const read = Object.fromEntries(
    Object.entries(options).map(([option, { type, short, multiple }]) => [
      option,
      { type, ...(short ? { short } : {}), ...(multiple ? { multiple } : {}) },
    ]),
  )
  const given = attempt(() => parseArgs({ args: words, options: read, allowPositionals: true, strict: true }), see)
  const many = given.positionals.length
  if (many < args.least || many > args.most)
    throw badInput(`\`${name} ${args.usage}\` was given ${many} argument${many === 1 ? '' : 's'}.`, see)
  return given
}

function attempt<T>(act: () => T, see: string): T {
  try {
    return act()
  } catch (cause) {
    // Node's first sentence names the option; the rest is advice for values that begin with a dash.
    throw badInput(`${(cause as Error).message.split('. ')[0]!.replace(/\.$/, '')}.`, see, cause)
  }
}

function complain(thrown: unknown, name: string, env: Env, say: ToolkitProgram['say']): number {
  const { code, message, hint } = errorFromData(thrown)
  say(`${code}: ${message}`)
  if (hint) say(Object.hasOwn(TOOLKIT_COMMANDS, name) ? hint.replace('<command> --help', `${name} --help`) : hint)
  if (env['DEBUG'] && thrown instanceof Error) say(thrown.stack ?? '')
  return ASKED_WRONGLY.test(code) ? 155 : 1
}
