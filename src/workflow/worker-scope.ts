import type { z } from 'zod'
import { WorkflowSpec } from '../contracts/workflow/document.ts'
import { strategyShape } from '../contracts/workflow/strategy.ts'
import type { Scope } from './expressions/scopes.ts'
import { type Compiled, compile } from './compile.ts'
import { configValues } from './config.ts'
import { type Known, simplify } from './field-expressions.ts'
import type { WorkerPlace } from './matrix.ts'
import { without } from './merge.ts'
import { inSpec } from './origins.ts'
import { childOf, isMapLike, schemaId } from './schema-walk.ts'

/** What has workers or instances of its own, whose numbers are not those of who starts them. */
const OWN_PLACES: ReadonlySet<string> = new Set(['Parallel', 'Service', 'ExecuteWorkflow'])
const STRATEGY = Object.keys(strategyShape)

/** What expressions in a worker call its place. */
export function workerNames({ matrix, shard, ...numbers }: WorkerPlace): Record<string, unknown> {
  return {
    ...numbers,
    ...Object.fromEntries(Object.entries(matrix).map(([key, value]) => [`matrix.${key}`, value])),
    ...Object.fromEntries(Object.entries(shard).map(([key, value]) => [`shard.${key}`, value])),
  }
}

/**
 * What one worker of `parallel` runs. The environment and files are left for the worker itself.
 * @param place absent: names of its place are left, too
 */
export function workerPlan(worker: WorkflowSpec, place?: WorkerPlace, scopes: readonly Scope[] = []): Compiled {
  const { values, faults } = configValues(worker.config ?? {}, {})
  const config = Object.fromEntries(Object.entries(values).map(([name, value]) => [`config.${name}`, value]))
  const known = { ...config, ...(place ? workerNames(place) : {}) }
  const spec = inSpec(worker, () => simplifyPlaced(WorkflowSpec, without(worker, 'config') as WorkflowSpec, known, scopes))
  const compiled = compile(spec, { name: 'worker' })
  return {
    ...compiled,
    faults: [...faults.map(({ message, hint }) => ({ path: ['config'], message, hint })), ...compiled.faults],
  }
}

/**
 * As simplify(), but `index`, `count`, … and the matrix of workers further inside stay theirs. How many there are of them is still
 * said from outside. Pure.
 */
export function simplifyPlaced<T>(schema: z.ZodType, value: T, known: Known, scopes: readonly Scope[] = []): T {
  const inner: { schema: z.ZodType; value: Record<string, unknown> }[] = []
  const take = (at: z.ZodType, found: unknown): unknown => {
    if (typeof found !== 'object' || found === null) return found
    const copy: Record<string | number, unknown> = Array.isArray(found) ? ([] as never) : {}
    for (const [name, each] of Object.entries(found)) {
      const key = Array.isArray(found) ? Number(name) : name
      const child = childOf(at, key, found)
      const isOwn = child !== undefined && isMapLike(each) && OWN_PLACES.has(schemaId(child) ?? '')
      copy[key] = isOwn ? { [MARK]: inner.length } : child ? take(child, each) : each
      if (isOwn) inner.push({ schema: child, value: each })
    }
    return copy
  }
  const outer = take(schema, value)
  const done = simplify(schema, outer, known, scopes)
  const results = inner.map((each) => placed(each.schema, each.value, known, scopes))
  return putBack(done, results) as T
}

const MARK = '\0inner'

function placed(schema: z.ZodType, value: Record<string, unknown>, known: Known, scopes: readonly Scope[]): unknown {
  const strategy = Object.fromEntries(Object.entries(value).filter(([name]) => STRATEGY.includes(name)))
  const rest = Object.fromEntries(Object.entries(value).filter(([name]) => !STRATEGY.includes(name)))
  const isVisible = (name: string) =>
    !/^(?:index|count|(?:matrix|shard)(?:Index|Count))$/.test(name) && !isOfStrategy(strategy, name)
  const visible = Object.fromEntries(Object.entries(known).filter(([name]) => isVisible(name)))
  return { ...simplify(schema, strategy, known, scopes), ...simplifyPlaced(schema, rest, visible, scopes) }
}

function isOfStrategy({ matrix, shards }: Record<string, unknown>, name: string): boolean {
  const [kind, key = ''] = name.split('.')
  const lists = kind === 'matrix' ? matrix : kind === 'shard' ? shards : undefined
  return isMapLike(lists) && Object.hasOwn(lists, key)
}

function putBack(value: unknown, results: readonly unknown[]): unknown {
  if (Array.isArray(value)) return value.map((item) => putBack(item, results))
  if (!isMapLike(value)) return value
  if (Object.hasOwn(value, MARK)) return results[value[MARK] as number]
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, putBack(inner, results)]))
}
