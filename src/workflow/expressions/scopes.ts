import type { Expression } from './expression.ts'
import type { ExpressionFunction } from './functions/function.ts'
import type { Value } from './values.ts'

/** Some names and functions that are known at one stage. */
export interface Scope {
  /** What a whole dotted name stands for; undefined: this scope does not know it. An expression is resolved in its place. */
  lookup?(name: string): Value | Expression | undefined
  readonly functions?: ReadonlyMap<string, ExpressionFunction>
}

export interface Found {
  value: Value | Expression
  /** What of the name is properties of the value. */
  rest: readonly string[]
}

/** The first scope that knows a name wins; in each scope the whole name comes first, then its prefixes, the longest first. */
export function findName(names: readonly string[], scopes: readonly Scope[]): Found | undefined {
  const prefixes = names.map((_, i) => names.slice(0, i + 1).join('.')).reverse()
  for (const scope of scopes) {
    if (!scope.lookup) continue
    for (const [i, prefix] of prefixes.entries()) {
      const value = scope.lookup(prefix)
      if (value !== undefined) return { value, rest: names.slice(names.length - i) }
    }
  }
  return undefined
}

export function findFunction(name: string, scopes: readonly Scope[]): ExpressionFunction | undefined {
  for (const { functions } of scopes) {
    const found = functions?.get(name)
    if (found) return found
  }
  return undefined
}

/** Names as they are written, dotted ones too: `{ index: 0, 'matrix.browser': 'firefox', services: {…} }`. */
export function namesScope(names: Readonly<Record<string, Value | Expression | undefined>>): Scope {
  return { lookup: (name) => (Object.hasOwn(names, name) ? names[name] : undefined) }
}

/** `env.NAME`, unset is ""; `env` is the whole map. */
export function environmentScope(env: Readonly<Record<string, string | undefined>>): Scope {
  return {
    lookup(name) {
      if (name === 'env') return Object.fromEntries(Object.entries(env).map(([key, value]) => [key, value ?? '']))
      const key = /^env\.([^.*]+)$/.exec(name)?.[1]
      return key === undefined ? undefined : Object.hasOwn(env, key) ? (env[key] ?? '') : ''
    },
  }
}
