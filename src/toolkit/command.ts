import { EverwarmError } from '../contracts/errors.ts'
import type { Env } from '../system/settings.ts'

/** One command of the toolkit, as help and docs/toolkit.md show it; what it does is in a file of its own. */
export interface ToolkitCommand {
  summary: string
  /** Of the positional arguments: how they are written, what they are, and how many there may be. */
  args: { usage: string; about: string; least: number; most: number }
  options: Readonly<Record<string, ToolkitOption>>
  /** For the program itself, not for people. */
  isHidden?: boolean
  load(): Promise<(given: ToolkitGiven) => Promise<number>>
}

export interface ToolkitOption {
  type: 'string' | 'boolean'
  short?: string
  multiple?: boolean
  /** How the value is written in help: `<name>`. */
  value?: string
  /** As help says it. */
  otherwise?: string
  about: string
}

export interface ToolkitGiven {
  values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>
  positionals: readonly string[]
  env: Env
  /** Absolute: relative paths begin here. */
  cwd: string
  /** Arguments of node that begin this program again, up to its command. */
  self: readonly string[]
  /** A line on standard output. */
  print(line: string): void
}

export const textOf = ({ values }: ToolkitGiven, name: string) => {
  const value = values[name]
  return typeof value === 'string' ? value : undefined
}
export const flagOf = ({ values }: ToolkitGiven, name: string) => values[name] === true
export const listOf = ({ values }: ToolkitGiven, name: string) => {
  const value = values[name]
  return Array.isArray(value) ? value.map(String) : []
}

/** @throws EverwarmError BAD_INPUT */
export function oneOf<Name extends string>(given: ToolkitGiven, option: string, names: readonly Name[]): Name | undefined {
  const value = textOf(given, option)
  const found = names.find((name) => name === value)
  if (found !== undefined || value === undefined) return found
  throw badInput(`--${option} must be ${names.join(', ')}, not "${value.slice(0, 60)}".`)
}

/** @throws EverwarmError BAD_INPUT */
export function wholeOf(given: ToolkitGiven, option: string): number | undefined {
  const value = textOf(given, option)
  if (value === undefined) return undefined
  if (/^\d{1,9}$/.test(value)) return Number(value)
  throw badInput(`--${option} must be a whole number, not "${value.slice(0, 60)}".`)
}

export const badInput = (message: string, hint = 'See `everwarm-toolkit <command> --help`.', cause?: unknown) =>
  new EverwarmError('BAD_INPUT', { message, hint, cause })
