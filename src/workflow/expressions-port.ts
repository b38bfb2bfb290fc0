import type { z } from 'zod'
import { textFields } from './schema-walk.ts'

/** Names that are known, dotted, and what they stand for. */
export type Known = Readonly<Record<string, unknown>>

/** What is wrong with the text of a field; undefined if nothing is. */
export function expressionFault(text: string, role: 'template' | 'expression'): { message: string; hint?: string } | undefined {
  if (role === 'expression' && text.includes('{{'))
    return { message: 'It is an expression by itself.', hint: 'Write it without {{ and }}.' }
  if (role === 'template' && text.split('{{').length > text.split('}}').length) return { message: 'A {{ has no }}.' }
  return undefined
}

const parts = (text: string, role: 'template' | 'expression') =>
  role === 'expression' ? [text] : [...text.matchAll(/\{\{([^]*?)\}\}/g)].map((match) => match[1]!)

/** The dotted names in a text that nobody has resolved. */
export function namesIn(text: string, role: 'template' | 'expression'): string[] {
  return parts(text, role).flatMap((part) =>
    [...part.replaceAll(/"[^"]*"|'[^']*'/g, '""').matchAll(/(?<![\w.])[A-Za-z_]\w*(?:\.[\w*]+)*(?!\s*\()/g)].map((match) => match[0]),
  )
}

/** Resolves what is known in all fields of a document, and leaves the rest as it is. */
export function simplify<Value>(schema: z.ZodType, value: Value, known: Known): Value {
  const copy = structuredClone(value)
  for (const { path, text, role } of textFields(schema, value)) {
    const resolved = role === 'expression' ? substitute(text, known) : resolveTemplate(text, known)
    if (resolved === text) continue
    const owner = path.slice(0, -1).reduce<Record<string | number, unknown>>((at, key) => at[key] as Record<string | number, unknown>, copy as never)
    owner[path.at(-1)!] = resolved
  }
  return copy
}

const resolveTemplate = (text: string, known: Known) =>
  text.replaceAll(/\{\{([^]*?)\}\}/g, (whole, inner: string) => {
    const name = inner.trim()
    return Object.hasOwn(known, name) ? textOf(known[name]) : whole.replace(inner, substitute(inner, known))
  })

const substitute = (text: string, known: Known) =>
  text.replaceAll(/(?<![\w."'])[A-Za-z_]\w*(?:\.\w+)*/g, (name) => (Object.hasOwn(known, name) ? JSON.stringify(known[name]) : name))

const textOf = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value))

/** The value of an expression that needs nobody; undefined: not known yet. */
export function expressionValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // No literal.
    return undefined
  }
}
