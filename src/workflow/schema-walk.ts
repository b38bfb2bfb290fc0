import { z } from 'zod'
import { type FieldRole, fieldRoles } from '../contracts/workflow/fields.ts'

/** What we look at of a schema, whatever its kind. */
type Inside = {
  type: string
  innerType?: z.ZodType
  getter?: () => z.ZodType
  shape?: Record<string, z.ZodType>
  element?: z.ZodType
  valueType?: z.ZodType
  options?: z.ZodType[]
  values?: unknown[]
  entries?: Record<string, string>
  discriminator?: string
}
export const insideOf = (schema: z.ZodType) => schema._zod.def as unknown as Inside

/** Without `optional` and `lazy` around it. */
export function bare(schema: z.ZodType): z.ZodType {
  const { type, innerType, getter } = insideOf(schema)
  if (innerType) return bare(innerType)
  return type === 'lazy' && getter ? bare(getter()) : schema
}

/** The name under which a schema, or what it describes anew, is known; none for most. */
export function schemaId(schema: z.ZodType): string | undefined {
  for (let at: z.ZodType | undefined = bare(schema); at; at = at._zod.parent as z.ZodType | undefined) {
    const id = z.globalRegistry.get(at)?.id
    if (id !== undefined) return id
  }
  return undefined
}

/** The fields of an object; undefined for anything else. */
export const fieldsOf = (schema: z.ZodType): Record<string, z.ZodType> | undefined => {
  const { type, shape } = insideOf(bare(schema))
  return type === 'object' ? shape : undefined
}

/** What a value of this schema is checked with: of a union the option that fits, of all others the schema itself. */
export function fitting(schema: z.ZodType, value: unknown): z.ZodType {
  const found = bare(schema)
  const { type, options, discriminator } = insideOf(found)
  if (type !== 'union' || !options) return found
  const fits = options.find((option) => (discriminator ? hasKind(option, discriminator, value) : fitsKind(option, value)))
  return fits ? fitting(fits, value) : found
}

const hasKind = (option: z.ZodType, discriminator: string, value: unknown) =>
  (fieldsOf(option)?.[discriminator] as z.ZodLiteral | undefined)?.value ===
  (value as Record<string, unknown> | null)?.[discriminator]

const KINDS: Record<string, (value: unknown) => boolean> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  array: Array.isArray,
  object: isMapLike,
  record: isMapLike,
  union: () => false,
}
const fitsKind = (option: z.ZodType, value: unknown): boolean => {
  const { type, options } = insideOf(bare(option))
  return options ? options.some((each) => fitsKind(each, value)) : (KINDS[type]?.(value) ?? false)
}

export function isMapLike(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The schema of a field or item; undefined if there is none of this name. */
export function childOf(schema: z.ZodType, key: string | number, value: unknown): z.ZodType | undefined {
  const found = fitting(schema, value)
  const { type, shape, element, valueType } = insideOf(found)
  if (type === 'object') return shape && Object.hasOwn(shape, key) ? shape[key] : undefined
  return type === 'array' ? element : type === 'record' ? valueType : undefined
}

/** What expressions mean in a value of this schema. */
export function roleOf(schema: z.ZodType, value: unknown): FieldRole {
  const fit = fitting(schema, value)
  const own = fieldRoles.get(fit)?.role
  if (own) return own
  const { type } = insideOf(fit)
  if (type === 'object' || type === 'array' || type === 'record') return 'include'
  return outerRole(schema) ?? 'ignore'
}

function outerRole(schema: z.ZodType): FieldRole | undefined {
  const own = fieldRoles.get(schema)?.role
  const { innerType, type, options } = insideOf(schema)
  return (
    own ??
    (innerType ? outerRole(innerType) : undefined) ??
    (type === 'union' ? options?.map(outerRole).find(Boolean) : undefined)
  )
}

/** A text inside a document, and what expressions mean in it. */
export interface TextField {
  path: readonly (string | number)[]
  text: string
  role: 'template' | 'expression'
}

/** All texts in which there may be expressions, in the order in which they stand. */
export function* textFields(schema: z.ZodType, value: unknown, path: readonly (string | number)[] = []): Generator<TextField> {
  const role = roleOf(schema, value)
  if (typeof value === 'string') {
    if (role === 'expression') yield { path, text: value, role }
    else if (role === 'template' || role === 'force') yield { path, text: value, role: 'template' }
    return
  }
  if (role === 'force') return yield* textsIn(value, path)
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of entriesOf(value)) {
    const child = childOf(schema, key, value)
    if (child) yield* textFields(child, inner, [...path, key])
  }
}

function* textsIn(value: unknown, path: readonly (string | number)[]): Generator<TextField> {
  if (typeof value === 'string') yield { path, text: value, role: 'template' }
  else if (typeof value === 'object' && value !== null)
    for (const [key, inner] of entriesOf(value)) yield* textsIn(inner, [...path, key])
}

const entriesOf = (value: object): [string | number, unknown][] =>
  Array.isArray(value) ? value.map((item, i) => [i, item]) : Object.entries(value)
