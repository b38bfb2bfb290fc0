import { realpathSync, statSync } from 'node:fs'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import { EverwarmError } from '../contracts/errors.ts'
import { SHARD_COMMAND, type SpawnOptions } from '../contracts/worker-link.ts'
import { namesHint } from '../system/known-names.ts'

/** What a coordinator may start on this worker. */
export interface CommandRules {
  /** Names or paths, compared as they are. */
  allowed: readonly string[]
  /** Everything runs within it; its real path. */
  directory: string
  /** The program that runs shards, and its first arguments. */
  shardProgram: readonly [string, ...string[]]
  /** Of children; without the worker's token. */
  env: NodeJS.ProcessEnv
  /** Added for the program that runs shards alone. */
  shardEnv(): Record<string, string>
}

export interface AllowedCommand {
  command: string
  args: string[]
  cwd: string
  env: NodeJS.ProcessEnv
  isShardProgram: boolean
}

/** Variables that nobody but the worker reads. */
const OWN_VARIABLES = ['EVERWARM_TOKEN', 'EVERWARM_WORKER_CREDENTIAL']

/** @throws EverwarmError COMMAND_REFUSED */
export function allowedCommand(
  rules: CommandRules,
  command: string,
  args: readonly string[],
  options: SpawnOptions,
): AllowedCommand {
  const isShardProgram = command === SHARD_COMMAND
  if (!isShardProgram && !rules.allowed.includes(command)) throw notAllowed(command, rules.allowed)
  const [program, ...first] = isShardProgram ? rules.shardProgram : [command]
  const env = { ...rules.env, ...options.env }
  for (const name of OWN_VARIABLES) delete env[name]
  return {
    command: program,
    args: [...first, ...args],
    cwd: folderWithin(rules.directory, options.cwd ?? '.'),
    env: isShardProgram ? { ...env, ...rules.shardEnv() } : env,
    isShardProgram,
  }
}

/**
 * The real path of a folder that lies within another, links followed.
 * @throws EverwarmError COMMAND_REFUSED
 */
export function folderWithin(directory: string, asked: string): string {
  if (asked.includes('\0')) throw outside(asked, 'has a NUL in its name')
  let real: string
  try {
    real = realpathSync(resolve(directory, asked))
  } catch (cause) {
    throw outside(asked, `cannot be entered (${(cause as NodeJS.ErrnoException).code})`)
  }
  const path = relative(directory, real)
  if (path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path))
    throw outside(asked, 'lies outside of the worker’s folder')
  if (!statSync(real).isDirectory()) throw outside(asked, 'is not a folder')
  return real
}

function notAllowed(command: string, allowed: readonly string[]): EverwarmError {
  return new EverwarmError('COMMAND_REFUSED', {
    message: `This worker does not run "${command.slice(0, 200)}".`,
    hint: `Start it with \`--allow ${command.slice(0, 200)}\`. ${namesHint(command, [SHARD_COMMAND, ...allowed])}`,
  })
}

function outside(asked: string, why: string): EverwarmError {
  return new EverwarmError('COMMAND_REFUSED', {
    message: `The folder ${JSON.stringify(asked.slice(0, 200))} ${why}.`,
    hint: 'Folders are given relative to the worker’s own (`--dir`), and stay within it.',
  })
}
