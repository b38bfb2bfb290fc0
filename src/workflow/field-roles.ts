import type { z } from 'zod'
import { fieldRoles } from '../contracts/workflow/fields.ts'
import type { FieldRole } from './expressions/roles.ts'
import { bare, insideOf } from './schema-walk.ts'

const made = new WeakMap<z.ZodType, FieldRole>()

/** What expressions mean in a value of this schema, and in all inside. A step has steps: so has its role. */
export function rolesOf(schema: z.ZodType): FieldRole {
  const inner = bare(schema)
  const known = made.get(inner)
  if (known) return known
  const own = fieldRoles.get(schema)?.role ?? fieldRoles.get(inner)?.role
  if (own && own !== 'include') return own
  const { shape, element, valueType, options } = insideOf(inner)
  const role: { fields?: Record<string, FieldRole>; values?: FieldRole; items?: FieldRole } = {}
  if (!shape && !element && !valueType) return options ? rolesOfUnion(options) : 'ignore'
  made.set(inner, role)
  if (shape) role.fields = Object.fromEntries(Object.entries(shape).map(([name, field]) => [name, rolesOf(field)]))
  if (valueType) role.values = rolesOf(valueType)
  if (element) role.items = rolesOf(element)
  return role
}

/** Documents of all kinds have the same fields; other unions say what they are. */
const rolesOfUnion = (options: readonly z.ZodType[]): FieldRole => rolesOf(options[0]!)
