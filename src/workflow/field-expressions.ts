import type { z } from 'zod'
import { simplify as simplifyFields } from './expressions/document.ts'
import { ExpressionError, type Place } from './expressions/expression-error.ts'
import { Expression, parseExpression } from './expressions/expression.ts'
import { resolve } from './expressions/resolve.ts'
import { namesScope, type Scope } from './expressions/scopes.ts'
import { parseTemplate } from './expressions/template.ts'
import { childrenOf, type Node } from './expressions/tree.ts'
import { type Value, valueFrom } from './expressions/values.ts'
import { rolesOf } from './field-roles.ts'
import { without } from './merge.ts'

/** Names that are known, dotted, and what they stand for. A text with `{{` in it is an expression that is not known yet. */
export type Known = Readonly<Record<string, unknown>>

/** What is wrong with the text of a field; undefined if nothing is. */
export function expressionFault(
  text: string,
  role: 'template' | 'expression',
): { message: string; hint?: string; within?: Place } | undefined {
  try {
    nodesIn(text, role)
    return undefined
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    const hint =
      role === 'expression' && text.includes('{{') ? 'It is an expression by itself: write it without {{ and }}.' : error.hint
    return { message: error.what, ...without({ hint, within: error.place }) }
  }
}

/** The dotted names in a text, each once; none if it cannot be read. */
export function namesIn(text: string, role: 'template' | 'expression'): string[] {
  try {
    return [...new Set(nodesIn(text, role).flatMap(namesOf))]
  } catch (error) {
    if (error instanceof ExpressionError) return []
    throw error
  }
}

/** The expressions of a text. @throws ExpressionError */
export function nodesIn(text: string, role: 'template' | 'expression'): Node[] {
  if (role === 'expression') return [parseExpression(text).node]
  return parseTemplate(text).parts.flatMap((part) => (typeof part === 'string' ? [] : [part]))
}

const namesOf = (node: Node): string[] => (node.type === 'name' ? [node.names.join('.')] : childrenOf(node).flatMap(namesOf))

/**
 * Resolves what is known in all fields of a document, and leaves the rest for later stages.
 * @throws ExpressionError with the field's path
 */
export function simplify<T>(schema: z.ZodType, value: T, known: Known, scopes: readonly Scope[] = []): T {
  return simplifyFields(value, rolesOf(schema), [knownScope(known), ...scopes])
}

export function knownScope(known: Known): Scope {
  return namesScope(Object.fromEntries(Object.entries(known).map(([name, value]) => [name, valueOrLater(value)])))
}

/** A text with expressions in it is their texts joined. */
function valueOrLater(value: unknown): Value | Expression {
  if (typeof value !== 'string' || !value.includes('{{')) return valueFrom(value)
  const { parts } = parseTemplate(value)
  const args = parts.map((part): Node => (typeof part === 'string' ? { type: 'literal', value: part } : part))
  return new Expression({ type: 'call', name: 'string', args: args.map((node) => ({ node, spread: false })) })
}

/** The value of an expression; undefined: not known yet. @throws ExpressionError */
export function expressionValue(text: string, scopes: readonly Scope[] = []): unknown {
  const value = resolve(text, scopes)
  return value instanceof Expression ? undefined : value
}
