import type { z } from 'zod'
import { namesHint } from '../system/known-names.ts'
import type { Path } from './fault.ts'
import { childOf, fieldsOf, fitting } from './schema-walk.ts'

/** One thing that a schema finds wrong. */
export interface SchemaFault {
  path: Path
  /** Whether it is the name of the field that is wrong, or what stands in it. */
  part: 'key' | 'value'
  message: string
  hint?: string
}

/** What a schema finds wrong, in plain words; a name that there is not is a fault of its own, with the nearest one. */
export function schemaFaults(schema: z.ZodType, value: unknown, error: z.ZodError): SchemaFault[] {
  return error.issues.flatMap((issue) => faultsOf(schema, value, issue))
}

function faultsOf(schema: z.ZodType, value: unknown, issue: z.core.$ZodIssue): SchemaFault[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)))
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(fieldsOf(schemaAt(schema, value, path) ?? schema) ?? {})
    return issue.keys.map((key) => ({
      path: [...path, key],
      part: 'key',
      message: `There is no field "${key}" here.`,
      ...(known.length > 0 ? { hint: namesHint(key, known) } : {}),
    }))
  }
  const found = valueAt(value, path)
  const inner = issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined
  if (inner !== undefined) return [{ path, part: 'key', message: `Its name ${inner}.` }]
  return [{ path, part: 'value', ...wording(issue, found) }]
}

function wording(issue: z.core.$ZodIssue, found: unknown): { message: string; hint?: string } {
  if (found === undefined && issue.code !== 'custom') return { message: 'It is missing.' }
  switch (issue.code) {
    case 'invalid_type':
      return wrongKind(issue.expected, found)
    case 'too_small':
      return { message: `It ${counted(issue.origin, 'at least', issue.minimum)}.` }
    case 'too_big':
      return { message: own(issue.message) ?? `It ${counted(issue.origin, 'at most', issue.maximum)}.` }
    case 'invalid_value': {
      const names = issue.values.map(String)
      return { message: `It must be ${names.join(', ')}, not ${shown(found)}.`, hint: namesHint(String(found), names) }
    }
    default:
      return { message: `It ${issue.message.replace(/\.$/, '')}${typeof found === 'object' ? '' : `, not ${shown(found)}`}.` }
  }
}

/** Zod's own sentences begin with a capital; those of our schemas do not. */
const own = (message: string) => (/^[a-z`]/.test(message) ? `It ${message}.` : undefined)

const UNITS: Record<string, string> = { string: 'characters', array: 'items', set: 'items', map: 'fields' }
const counted = (origin: string, bound: string, limit: number | bigint) =>
  UNITS[origin] ? `must have ${bound} ${limit} ${UNITS[origin]}` : `must be ${bound} ${limit}`

const KINDS: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
}

function wrongKind(expected: string, found: unknown) {
  const isScalar = typeof found === 'number' || typeof found === 'boolean'
  return {
    message: `It must be ${KINDS[expected] ?? expected}, not ${shown(found)}.`,
    ...(expected === 'string' && isScalar ? { hint: `Write it in quotes: "${String(found)}".` } : {}),
  }
}

function shown(found: unknown): string {
  if (found === null) return 'empty'
  if (Array.isArray(found)) return 'a list'
  if (typeof found === 'object') return 'a map'
  const text = typeof found === 'string' ? JSON.stringify(found) : String(found)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (found, key) =>
      typeof found === 'object' && found !== null && Object.hasOwn(found, key)
        ? (found as Record<string, unknown>)[key]
        : undefined,
    value,
  )
}

/** The schema of what stands at a path. */
export function schemaAt(schema: z.ZodType, value: unknown, path: Path): z.ZodType | undefined {
  let found: z.ZodType | undefined = schema
  let inner = value
  for (const key of path) {
    if (!found) return undefined
    found = childOf(found, key, inner)
    inner = valueAt(inner, [key])
  }
  return found && fitting(found, inner)
}
