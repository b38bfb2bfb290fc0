import { namesHint } from '../../system/known-names.ts'
import { ExpressionError, inField, tooLarge } from './expression-error.ts'
import { Expression, parseExpression } from './expression.ts'
import { ALL_FUNCTIONS } from './functions/library.ts'
import { MAX_VALUE_DEPTH } from './limits.ts'
import { print } from './printer.ts'
import { resolve, resolveNode } from './resolve.ts'
import type { FieldRole } from './roles.ts'
import type { Scope } from './scopes.ts'
import { escaped, parseTemplate, resolveTemplate, Template } from './template.ts'
import { type Node, unknownsOf } from './tree.ts'
import { isList, textOf, type Value } from './values.ts'
import { Budget } from './limits.ts'

/** What is written where a text, a template or an expression was. */
interface Writer {
  text(text: string): string
  template(rest: Template): string
  expression(rest: Value | Expression): Value
}

/**
 * A copy in which what the scopes know is put in, and the rest is left for later stages: templates stay templates and
 * expressions stay texts of expressions.
 * @throws ExpressionError with the field's path, line and column; EverwarmError of the host
 */
export function simplify<T>(object: T, role: FieldRole, scopes: readonly Scope[]): T {
  const writer: Writer = {
    text: (text) => escaped(text),
    template: String,
    expression: (rest) => (rest instanceof Expression ? rest.toString() : print({ type: 'literal', value: rest })),
  }
  return visited(object as Value, role, { scopes, writer, path: '', depth: 0 }) as T
}

/**
 * A copy in which nothing is left: templates have become texts, and expressions values.
 * @throws ExpressionError EXPRESSION_UNRESOLVED with the field's path and the unknown names, and as `simplify`
 */
export function finalize<T>(object: T, role: FieldRole, scopes: readonly Scope[]): T {
  const writer: Writer = {
    text: (text) => text,
    template: (rest) => rest.text ?? unresolved(rest.parts.flatMap((part) => (typeof part === 'string' ? [] : [part]))),
    expression: (rest) => (rest instanceof Expression ? unresolved([rest.node]) : rest),
  }
  return visited(object as Value, role, { scopes, writer, path: '', depth: 0 }) as T
}

interface Visit {
  scopes: readonly Scope[]
  writer: Writer
  path: string
  depth: number
}

function visited(value: Value, role: FieldRole, visit: Visit): Value {
  if (role === 'ignore' || value === null || value === undefined) return value
  if (visit.depth > MAX_VALUE_DEPTH)
    throw tooLarge(`Lists and maps are more than ${MAX_VALUE_DEPTH} levels deep.`).locate({ path: visit.path })
  if (typeof value === 'string') return inField(visit.path, () => text(value, role, visit), value)
  if (typeof value !== 'object') return value
  const inner = role === 'expression' ? 'force' : role
  if (isList(value)) return list(value, inner, visit)
  if (role === 'template') return value
  const entries = Object.entries(value).map(([name, item]) => {
    const below = { ...visit, path: pathTo(visit.path, name), depth: visit.depth + 1 }
    return [name, visited(item, roleOf(name, inner), below)] as const
  })
  return Object.fromEntries(entries)
}

function roleOf(name: string, role: FieldRole): FieldRole {
  if (typeof role === 'string') return role
  return (role.fields && Object.hasOwn(role.fields, name) ? role.fields[name] : role.values) ?? 'ignore'
}

function text(value: string, role: FieldRole, { scopes, writer }: Visit): Value {
  if (role === 'expression') return writer.expression(resolve(parseExpression(value), scopes))
  if (typeof role !== 'string' || !value.includes('{{')) return value
  return writer.template(resolveTemplate(value, scopes))
}

function list(values: readonly Value[], role: FieldRole, visit: Visit): Value {
  const itemRole = typeof role === 'string' ? role : (role.items ?? 'ignore')
  return values.flatMap((value, i) => {
    const below = { ...visit, path: `${visit.path}[${i}]`, depth: visit.depth + 1 }
    const isTemplate = itemRole === 'template' || itemRole === 'force'
    const spliced = isTemplate && typeof value === 'string' ? inField(below.path, () => splice(value, below), value) : undefined
    return spliced ?? [visited(value, itemRole, below)]
  })
}

/** An item that is one expression and a list becomes the items of that list; `a.*.b` by itself is joined instead. */
function splice(value: string, { scopes, writer }: Visit): string[] | undefined {
  if (!value.startsWith('{{')) return undefined
  const { parts } = parseTemplate(value)
  const [only] = parts
  if (parts.length !== 1 || typeof only !== 'object' || isWildcard(only)) return undefined
  const rest = resolveNode(only, scopes)
  if (rest.type !== 'literal') return [writer.template(new Template([rest]))]
  const budget = new Budget()
  return isList(rest.value)
    ? rest.value.map((item) => writer.text(textOf(item, budget)))
    : [writer.text(textOf(rest.value, budget))]
}

function isWildcard(node: Node): boolean {
  return (node.type === 'name' && node.names.includes('*')) || (node.type === 'access' && node.keys.includes('*'))
}

function unresolved(nodes: readonly Node[]): never {
  const names = [...new Set(nodes.flatMap(unknownsOf))]
  const shown = names.slice(0, 5).join(', ') + (names.length > 5 ? ` and ${names.length - 5} more` : '')
  throw new ExpressionError('EXPRESSION_UNRESOLVED', {
    message: `${shown} ${names.length === 1 ? 'is' : 'are'} not known here.`,
    hint: hintFor(names),
    place: nodes[0]?.place,
  })
}

function hintFor(names: readonly string[]): string {
  const misspelt = names.find((name) => name.endsWith('()'))?.slice(0, -2)
  const known = ALL_FUNCTIONS.map(({ name }) => name)
  if (misspelt === undefined) return 'Look for a misspelt name: docs/workflow-expressions.md says where each is known.'
  if (known.includes(misspelt)) return `${misspelt}() is known only where a step or a worker runs.`
  return namesHint(misspelt, known)
}

function pathTo(parent: string, name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(name)) return `${parent}[${JSON.stringify(name)}]`
  return parent === '' ? name : `${parent}.${name}`
}
