import type { z } from 'zod'
import { fieldRoles } from '../contracts/workflow/fields.ts'
import { WorkflowDocument } from '../contracts/workflow/document.ts'
import { bare, insideOf, roleOf, schemaId } from './schema-walk.ts'

/** Tables of all fields, for docs/workflow.md: one for each kind of map that has a name. */
export function fieldTables(): string {
  const named = new Map<string, z.ZodType>()
  collect(WorkflowDocument, named)
  const order = ['Workflow', 'WorkflowTemplate', 'WorkflowSpec', 'Step', 'Parallel', 'Service']
  const names = [...order, ...[...named.keys()].filter((name) => !order.includes(name)).sort()]
  return names.map((name) => table(name, named.get(name)!)).join('\n\n')
}

function collect(schema: z.ZodType, named: Map<string, z.ZodType>): void {
  const inner = bare(schema)
  const id = schemaId(schema)
  if (id !== undefined) {
    if (named.has(id)) return
    named.set(id, inner)
  }
  const { shape = {}, element, valueType, options = [] } = insideOf(inner)
  for (const child of [...Object.values(shape), element, valueType, ...options]) if (child) collect(child, named)
}

function table(name: string, schema: z.ZodType): string {
  const rows = Object.entries(insideOf(schema).shape ?? {}).flatMap(([field, inner]) => fieldRows(field, inner))
  return [`### ${name}`, '', '| field | type | what it is |', '|---|---|---|', ...rows].join('\n')
}

function fieldRows(field: string, schema: z.ZodType): string[] {
  const inner = bare(schema)
  const { shape, element } = insideOf(inner)
  const need = schema._zod.optin === 'optional' ? '' : ' (needed)'
  const row = `| \`${field}\` | ${typeText(schema).replaceAll('|', '\\|')}${need} | ${aboutOf(schema)} |`
  const nested =
    shape && schemaId(schema) === undefined ? shape : element && !schemaId(element) ? insideOf(bare(element)).shape : undefined
  const prefix = element ? `${field}[]` : field
  return [row, ...Object.entries(nested ?? {}).flatMap(([name, child]) => fieldRows(`${prefix}.${name}`, child))]
}

function aboutOf(schema: z.ZodType): string {
  const inner = insideOf(schema).innerType
  return (schema.description ?? (inner ? aboutOf(inner) : bare(schema).description) ?? '').replaceAll('|', '\\|')
}

function typeText(schema: z.ZodType): string {
  const inner = bare(schema)
  const id = schemaId(schema)
  if (id !== undefined) return `[${id}](#${id.toLowerCase()})`
  const { type, element, valueType, values, entries } = insideOf(inner)
  const role = fieldRoles.get(inner)?.role ?? roleOf(inner, undefined)
  if (entries)
    return Object.values(entries)
      .map((value) => `\`${value}\``)
      .join(' ')
  if (values) return values.map((value) => `\`${String(value)}\``).join(' ')
  if (role === 'template') return 'template'
  if (role === 'expression')
    return `${(insideOf(inner).options ?? []).flatMap((option) => OR[insideOf(bare(option)).type] ?? []).join('')}expression`
  if (element) return `list of ${typeText(element)}`
  if (valueType) return `map of ${role === 'force' ? 'anything' : typeText(valueType)}`
  return KINDS[type] ?? 'anything'
}

const OR: Readonly<Record<string, string>> = { number: 'number or ', array: 'list or ' }
const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'number',
  boolean: 'true or false',
  object: 'map',
  union: 'value',
}
