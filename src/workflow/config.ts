import { runInNewContext } from 'node:vm'
import type { Parameter } from '../contracts/workflow/spec-shape.ts'
import { namesHint } from '../system/known-names.ts'

export type ConfigValue = string | number | boolean

/** What is wrong with one value, or with one that is missing. */
export interface ConfigFault {
  name: string
  message: string
  hint?: string
}

export interface ConfigRead {
  values: Record<string, ConfigValue>
  faults: ConfigFault[]
}

/**
 * The values of parameters: those that are given, of the right kind, and defaults for the others.
 * A value with `{{` in it is not known yet, and is taken as it is. Messages never show what is `sensitive`.
 */
export function configValues(
  parameters: Readonly<Record<string, Parameter>>,
  given: Readonly<Record<string, unknown>>,
): ConfigRead {
  const read: ConfigRead = { values: {}, faults: [] }
  for (const name of Object.keys(given).filter((name) => !Object.hasOwn(parameters, name)))
    read.faults.push({ name, message: `There is no parameter "${name}".`, hint: namesHintOr(name, Object.keys(parameters)) })
  for (const [name, parameter] of Object.entries(parameters)) {
    const value = Object.hasOwn(given, name) ? given[name] : parameter.default
    if (value === undefined) {
      read.faults.push({
        name,
        message: `The parameter "${name}" needs a value.`,
        hint: sentences(parameter.description, example(parameter)) || allowed(parameter),
      })
      continue
    }
    const problem = valueProblem(value, parameter)
    if (problem)
      read.faults.push({
        name,
        message: `The parameter "${name}" ${problem}, not ${shown(value, parameter)}.`,
        ...hintBeyond(problem, parameter),
      })
    else read.values[name] = isOpen(value) ? (value as string) : typedValue(value, parameter)!
  }
  return read
}

/** What is wrong with the default of a parameter, as configValues() would say it; undefined: nothing, or there is none. */
export function defaultFault(parameter: Parameter): Pick<ConfigFault, 'message' | 'hint'> | undefined {
  const { default: value } = parameter
  const problem = value === undefined ? undefined : valueProblem(value, parameter)
  if (problem === undefined) return undefined
  return { message: `It ${problem}, not ${shown(value, parameter)}.`, ...hintBeyond(problem, parameter) }
}

/** All that it must be, where that is more than what was broken. */
function hintBeyond(problem: string, parameter: Parameter): { hint?: string } {
  const all = allowed(parameter)
  const hint = sentences(all === `It ${problem.replace(/^must be/, 'is')}.` ? undefined : all, example(parameter))
  return hint === '' ? {} : { hint }
}

/** What a value breaks, in words. */
function valueProblem(value: unknown, parameter: Parameter): string | undefined {
  if (isOpen(value)) return undefined
  const typed = typedValue(value, parameter)
  return typed === undefined ? `must be ${KINDS[parameter.type ?? 'string']}` : outside(typed, parameter)
}

const KINDS = { string: 'a text', integer: 'a whole number', number: 'a number', boolean: 'true or false' }

const namesHintOr = (name: string, known: string[]) => (known.length > 0 ? namesHint(name, known) : 'There are no parameters.')
const sentences = (...texts: (string | undefined)[]) =>
  texts.flatMap((text) => (text === undefined ? [] : [/[.!?]$/.test(text) ? text : `${text}.`])).join(' ')

/** All that a value must be, in words. */
function allowed({ type = 'string', enum: names, sensitive, ...bounds }: Parameter): string {
  if (names) return sensitive ? 'It is one of the values of its `enum`.' : `It is one of ${names.join(', ')}.`
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, minLength, maxLength, pattern } = bounds
  const said = [
    minimum === undefined ? '' : ` of at least ${minimum}`,
    maximum === undefined ? '' : ` of at most ${maximum}`,
    exclusiveMinimum === undefined ? '' : ` above ${exclusiveMinimum}`,
    exclusiveMaximum === undefined ? '' : ` below ${exclusiveMaximum}`,
    multipleOf === undefined ? '' : ` that is a multiple of ${multipleOf}`,
    minLength === undefined ? '' : ` of at least ${minLength} characters`,
    maxLength === undefined ? '' : ` of at most ${maxLength} characters`,
    pattern === undefined ? '' : ` that matches ${pattern}`,
  ].filter((text) => text !== '')
  return `It is ${KINDS[type]}${said.join(',')}.`
}

const example = ({ example }: Parameter) => (example === undefined ? undefined : `For example ${String(example)}.`)
const isOpen = (value: unknown) => typeof value === 'string' && value.includes('{{')
const shown = (value: unknown, { sensitive }: Parameter) => (sensitive ? 'what was given' : JSON.stringify(value))

function typedValue(value: unknown, { type = 'string' }: Parameter): ConfigValue | undefined {
  if (type === 'string') return typeof value === 'object' ? undefined : String(value)
  if (type === 'boolean')
    return value === true || value === 'true' ? true : value === false || value === 'false' ? false : undefined
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof number !== 'number' || !Number.isFinite(number)) return undefined
  return type === 'integer' && !Number.isSafeInteger(number) ? undefined : number
}

function outside(value: ConfigValue, parameter: Parameter): string | undefined {
  const { enum: names, sensitive } = parameter
  if (names && !names.map(String).includes(String(value)))
    return `must be one of ${sensitive ? 'the values of its `enum`' : names.join(', ')}`
  return typeof value === 'string'
    ? textOutside(value, parameter)
    : typeof value === 'number'
      ? numberOutside(value, parameter)
      : undefined
}

const MATCH_MS = 500
/** Some patterns take for ever to say no: that is a no. */
function matches(pattern: string, value: string): boolean {
  try {
    return runInNewContext('new RegExp(pattern, "u").test(value)', { pattern, value }, { timeout: MATCH_MS }) as boolean
  } catch {
    return false
  }
}

function textOutside(value: string, { pattern, minLength = 0, maxLength = Infinity }: Parameter): string | undefined {
  const length = [...value].length
  if (length < minLength) return `must have at least ${minLength} characters`
  if (length > maxLength) return `must have at most ${maxLength} characters`
  return pattern !== undefined && !matches(pattern, value) ? `must match ${pattern}` : undefined
}

function numberOutside(value: number, parameter: Parameter): string | undefined {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = parameter
  if (minimum !== undefined && value < minimum) return `must be at least ${minimum}`
  if (maximum !== undefined && value > maximum) return `must be at most ${maximum}`
  if (exclusiveMinimum !== undefined && value <= exclusiveMinimum) return `must be above ${exclusiveMinimum}`
  if (exclusiveMaximum !== undefined && value >= exclusiveMaximum) return `must be below ${exclusiveMaximum}`
  // 0.3 / 0.1 is 2.9999999999999996.
  const times = multipleOf === undefined ? 0 : value / multipleOf
  return Math.abs(times - Math.round(times)) > 1e-9 ? `must be a multiple of ${multipleOf}` : undefined
}
