import type { Container, EnvVariable } from '../contracts/workflow/container.ts'
import { isMapLike } from './schema-walk.ts'

/** Lists of which only the whole has a meaning: one's own replaces the template's. */
const WHOLE: ReadonlySet<string> = new Set(['command', 'args'])

/** Own fields win, maps merge by key, lists are the template's first and then one's own. */
export function mergeUnder<Own>(under: unknown, own: Own, field?: string): Own {
  if (own === undefined) return under as Own
  if (under === undefined) return own
  if (Array.isArray(under) && Array.isArray(own) && !(field && WHOLE.has(field))) return [...under, ...own] as Own
  if (!isMapLike(under) || !isMapLike(own)) return own
  const names = [...new Set([...Object.keys(under), ...Object.keys(own)])]
  return Object.fromEntries(names.map((name) => [name, mergeUnder(under[name], own[name], name)])) as Own
}

/** The settings inside another container: what stands further inside wins, also by the name of a variable. */
export function inheritContainer(outer: Container, inner: Container | undefined): Container {
  if (!inner) return outer
  const merged = mergeUnder<Container>(outer, inner)
  if (inner.command && !inner.args) delete merged.args
  if (merged.env) merged.env = lastOfEach(merged.env)
  return merged
}

/** One that speaks of itself means the one outside, which stays before it. */
function lastOfEach(env: readonly EnvVariable[]): EnvVariable[] {
  const byName = Map.groupBy(env, ({ name }) => name)
  return [...byName.values()].flatMap((same) => {
    const from = same.findLastIndex(({ name, value }) => !value?.includes(`env.${name}`))
    return same.slice(Math.max(0, from))
  })
}

/** A copy without some fields, and without what is undefined. */
export function without<Fields extends object, Name extends keyof Fields>(fields: Fields, ...names: Name[]): Omit<Fields, Name> {
  const entries = Object.entries(fields).filter(([name, value]) => value !== undefined && !names.includes(name as Name))
  return Object.fromEntries(entries) as Omit<Fields, Name>
}
