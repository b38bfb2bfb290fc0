import type { Place } from './expression-error.ts'
import { type CallNode, childrenOf, type Node } from './tree.ts'
import type { Value } from './values.ts'

/** A call whose arguments are written out. */
export interface CertainCall {
  name: string
  values: readonly Value[]
  place?: Place
}

/** Forms that may do without arguments behind the first. */
const LAZY: ReadonlySet<string> = new Set(['any', 'map', 'filter', 'eval'])

/** Calls that are made whatever values names have: not those behind `&&`, `||`, `?`, nor in the texts of `map` and `eval`. */
export function* certainCalls(node: Node, names: readonly string[]): Generator<CertainCall> {
  if (node.type === 'call' && names.includes(node.name)) yield* written(node)
  for (const inner of certainParts(node)) yield* certainCalls(inner, names)
}

function* written({ name, args, place }: CallNode): Generator<CertainCall> {
  const values = args.flatMap(({ node, spread }) => (node.type === 'literal' && !spread ? [node.value] : []))
  if (values.length === args.length) yield { name, values, ...(place ? { place } : {}) }
}

/** Without what values of names may keep from being asked. */
function certainParts(node: Node): readonly Node[] {
  if (node.type === 'logical') return [node.left]
  if (node.type === 'choice') return [node.condition]
  const parts = childrenOf(node)
  return node.type === 'call' && LAZY.has(node.name) ? parts.slice(0, 1) : parts
}
