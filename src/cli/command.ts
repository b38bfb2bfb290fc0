import type { ParseArgsConfig } from 'node:util'
import { EverwarmError } from '../contracts/errors.ts'

/** One command of the CLI, in a file of its own. */
export interface Command {
  options: NonNullable<ParseArgsConfig['options']>
  /** Lines of help below the usage, one per option. */
  help: string[]
  /** The exit code, where it is not 0. */
  run(given: Given): Promise<number | void>
}

export interface Given {
  values: Record<string, string | boolean | (string | boolean)[] | undefined>
  positionals: string[]
  env: Readonly<Record<string, string | undefined>>
  print(text: string): void
}

/** @throws EverwarmError BAD_INPUT */
export function refusePositionals({ positionals }: Given): void {
  if (positionals.length === 0) return
  throw badInput(`"${positionals.join(' ')}" is too much here.`)
}

export interface NumberAbout {
  /** The option, as it is written. */
  name: string
  min: number
  max: number
  otherwise: number
  /** The command that shows what is right. */
  see?: string
}

/** @throws EverwarmError BAD_INPUT unless it is a whole number from `min` to `max` */
export function wholeNumber(text: unknown, about: NumberAbout): number {
  if (text === undefined) return about.otherwise
  const value = typeof text === 'string' && /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (value >= about.min && value <= about.max) return value
  throw badInput(`${about.name} must be a whole number from ${about.min} to ${about.max}, not "${String(text)}".`, about.see)
}

/** A command that does not say where to look is explained by its own page. */
export function withPage(error: unknown, name: string): unknown {
  if (!(error instanceof EverwarmError) || error.hint !== pageHint(EVERYTHING)) return error
  return new EverwarmError(error.code, { message: error.message, hint: pageHint(`everwarm ${name} --help`), cause: error.cause })
}

const EVERYTHING = 'everwarm --help'
const pageHint = (see: string) => `See \`${see}\`.`

/** @param see the command that shows what is right */
export function badInput(message: string, see = EVERYTHING, cause?: unknown): EverwarmError {
  return new EverwarmError('BAD_INPUT', { message, hint: pageHint(see), cause })
}
