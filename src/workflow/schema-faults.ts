import type { z } from 'zod'
import { nearestName } from '../system/known-names.ts'
import type { Path } from './fault.ts'
import { fieldHint, kindHint } from './lint/field-hints.ts'
import { without } from './merge.ts'
import { childOf, fieldsOf, fitting, schemaId } from './schema-walk.ts'

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
    const around = schemaAt(schema, value, path) ?? schema
    const known = Object.keys(fieldsOf(around) ?? {})
    return issue.keys.map((key) => ({
      path: [...path, key],
      part: 'key',
      message: `There is no field "${key}" here.`,
      ...without({ hint: fieldHint(key, schemaId(around), known) }),
    }))
  }
  const found = valueAt(value, path)
  const inner = issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined
  if (inner !== undefined) return [{ path, part: 'key', message: `Its name ${inner}.` }]
  return [{ path, part: 'value', ...wording(issue, found, path) }]
}

function wording(issue: z.core.$ZodIssue, found: unknown, path: Path): { message: string; hint?: string } {
  if (path.length === 1 && path[0] === 'kind') return wrongDocument(found)
  if (found === undefined && issue.code !== 'custom') return { message: 'It is missing.' }
  switch (issue.code) {
    case 'invalid_type':
      return wrongKind(issue.expected, found, path)
    case 'too_small':
      return { message: `It ${counted(issue.origin, 'at least', issue.minimum)}.` }
    case 'too_big':
      return { message: own(issue.message) ?? `It ${counted(issue.origin, 'at most', issue.maximum)}.` }
    case 'invalid_value': {
      const names = issue.values.map(String)
      const nearest = nearestName(String(found), names)
      const message = `It must be ${names.length > 1 ? 'one of ' : ''}${names.join(', ')}, not ${shown(found)}.`
      return { message, ...(nearest === undefined ? {} : { hint: `Did you mean "${nearest}"?` }) }
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

function wrongKind(expected: string, found: unknown, path: Path) {
  return {
    message: `It must be ${KINDS[expected] ?? expected}, not ${shown(found)}.`,
    ...without({ hint: kindHint(path, expected, found) }),
  }
}

const DOCUMENTS = ['Workflow', 'WorkflowTemplate']

/** Somebody who writes a first workflow sees no more than this. */
function wrongDocument(found: unknown): { message: string; hint: string } {
  const nearest = typeof found === 'string' ? nearestName(found, DOCUMENTS) : undefined
  return {
    message: found === undefined ? 'It is missing.' : `It must be ${DOCUMENTS.join(' or ')}, not ${shown(found)}.`,
    hint: nearest
      ? `Did you mean "${nearest}"?`
      : 'A document has `kind: Workflow`, `metadata: { name: … }`, and `spec` with `steps`.',
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
