import { realpathSync, statSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { EverwarmError } from '../contracts/errors.ts'
import { SHARD_COMMAND, type SpawnOptions } from '../contracts/worker-link.ts'
import { namesHint } from '../system/known-names.ts'
import { refuseLoadingVariables } from './given-env.ts'

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
  const given = { ...options.env }
  for (const name of OWN_VARIABLES) delete given[name]
  refuseLoadingVariables(given)
  const env = { ...rules.env, ...given }
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
  if (!isWithin(directory, real)) throw outside(asked, 'lies outside of the worker’s folder')
  if (!statSync(real).isDirectory()) throw outside(asked, 'is not a folder')
  return real
}

/**
 * The real path of a file or folder that lies within `directory`, links followed, whether it is there or not.
 * @param from what a relative one starts at
 * @throws EverwarmError COMMAND_REFUSED
 */
export function pathWithin(directory: string, from: string, asked: string): string {
  if (asked.includes('\0')) throw outsideFile(asked)
  const real = realOf(resolve(from, asked))
  if (isWithin(directory, real)) return real
  throw outsideFile(asked)
}

/** Of what is not there: that of the folder in which it would be. */
function realOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    // A link to nowhere may come to lead somewhere: nothing is loaded from it now.
    return dirname(path) === path ? path : join(realOf(dirname(path)), basename(path))
  }
}

function isWithin(directory: string, real: string): boolean {
  const path = relative(directory, real)
  return path !== '..' && !path.startsWith(`..${sep}`) && !isAbsolute(path)
}

function outsideFile(asked: string): EverwarmError {
  return new EverwarmError('COMMAND_REFUSED', {
    message: `The path ${JSON.stringify(asked.slice(0, 200))} lies outside of the worker’s folder.`,
    hint: 'Name what is within the checkout that the worker serves (`--dir`).',
  })
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
