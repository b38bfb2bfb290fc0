import { failure } from '../expression-error.ts'
import { print } from '../printer.ts'
import { type Argument, type CallNode, literal, type Node } from '../tree.ts'
import { isList, isMap, isTrue, kindOf, textOf, type Value } from '../values.ts'
import type { Evaluator, SpecialForm } from './function.ts'
import { INFINITE } from './function.ts'

const group = 'evaluation'

export const evaluationForms: readonly SpecialForm[] = [
  {
    name: 'any',
    group,
    parameters: 'values...',
    meaning: 'the first argument that is not null; one that is not known yet is waited for, a spread list offers its first item',
    min: 0,
    max: INFINITE,
    expand: firstKnown,
  },
  {
    name: 'map',
    group,
    parameters: 'list, expression',
    meaning: 'each item by an expression (a text) over `_.value`, `_.index` and `_.key`; also of a map',
    min: 2,
    max: 2,
    expand: (call, evaluator) => itemwise(call, evaluator, mapped),
  },
  {
    name: 'filter',
    group,
    parameters: 'list, expression',
    meaning: 'the items for which an expression (a text, as for `map`) is true; waits until it is known for all; also of a map',
    min: 2,
    max: 2,
    expand: (call, evaluator) => itemwise(call, evaluator, filtered),
  },
  {
    name: 'eval',
    group,
    parameters: 'expression',
    meaning: 'the result of a text that is an expression',
    min: 1,
    max: 1,
    expand(call, evaluator) {
      const [text] = plain(evaluator.args(call.args)) as [Node]
      const rest: CallNode = { ...call, args: [{ node: text, spread: false }] }
      if (text.type !== 'literal') return rest
      return evaluator.attempt(rest, () => {
        const result = evaluator.resolve(evaluator.open(textOf(text.value, evaluator.budget)))
        return call.place ? { ...result, place: call.place } : result
      })
    },
  },
]

/** Behind an argument that is not known, nothing is sure to count. */
function firstKnown(call: CallNode, evaluator: Evaluator): Node {
  for (const [i, arg] of call.args.entries()) {
    const node = evaluator.resolve(arg.node)
    if (node.type !== 'literal') {
      const later = evaluator.args(call.args.slice(i + 1), { maybeDead: true })
      return { ...call, args: [{ node, spread: arg.spread }, ...later] }
    }
    if (arg.spread && !isList(node.value)) {
      const rest = { ...call, args: [{ node, spread: true }] }
      return evaluator.attempt(rest, () => notAList(node.value))
    }
    const value = arg.spread && isList(node.value) ? (node.value[0] ?? null) : node.value
    if (value !== null) return literal(value, call.place)
  }
  return literal(null, call.place)
}

function notAList(value: Value): never {
  throw failure(`Only a list can stand before "...", not ${kindOf(value)}.`)
}

interface Item {
  [name: string]: Value
  value: Value
  index: number
  key: string | number
}

type Itemwise = (rest: CallNode, items: readonly Item[], body: Node, evaluator: Evaluator) => Node

/** What `map` and `filter` share; what is left of them has all that is known by now, in its body too. */
function itemwise(call: CallNode, evaluator: Evaluator, compute: Itemwise): Node {
  const [list, text] = plain(evaluator.args(call.args)) as [Node, Node]
  const rest: CallNode = { ...call, args: [list, text].map((node): Argument => ({ node, spread: false })) }
  if (text.type !== 'literal') return rest
  return evaluator.attempt(rest, () => {
    const body = evaluator.open(textOf(text.value, evaluator.budget))
    if (list.type !== 'literal') return waiting(rest, body, evaluator)
    const items = itemsOf(list.value)
    if (!items) return evaluator.attempt(waiting(rest, body, evaluator), () => noItems(call.name, list.value))
    evaluator.budget.items(items.length)
    return compute(rest, items, body, evaluator)
  })
}

function mapped(rest: CallNode, items: readonly Item[], body: Node, evaluator: Evaluator): Node {
  const nodes = items.map((names) => evaluator.resolve(body, { names: { _: names } }))
  if (nodes.every((node) => node.type === 'literal')) {
    const values = nodes.map(({ value }) => value)
    return literal(values, rest.place)
  }
  return { ...rest, name: 'list', args: nodes.map((node) => ({ node, spread: false })) }
}

function filtered(rest: CallNode, items: readonly Item[], body: Node, evaluator: Evaluator): Node {
  const kept: Item[] = []
  for (const names of items) {
    const node = evaluator.resolve(body, { names: { _: names } })
    if (node.type !== 'literal') return waiting(rest, body, evaluator)
    if (isTrue(node.value)) kept.push(names)
  }
  const [list] = rest.args
  if (list?.node.type === 'literal' && isMap(list.node.value))
    return literal(Object.fromEntries(kept.map(({ key, value }) => [key, value])), rest.place)
  const values = kept.map(({ value }) => value)
  return literal(values, rest.place)
}

/** What this stage knows goes into the text, for the next one does not know it. */
function waiting(call: CallNode, body: Node, evaluator: Evaluator): CallNode {
  const text = print(evaluator.resolve(body, { hidden: '_', maybeDead: true }))
  evaluator.budget.text(text.length)
  return { ...call, args: [call.args[0]!, { node: literal(text), spread: false }] }
}

function itemsOf(value: Value): Item[] | undefined {
  if (isList(value)) return value.map((value, index) => ({ value, index, key: index }))
  return isMap(value) ? Object.entries(value).map(([key, value], index) => ({ value, index, key })) : undefined
}

function noItems(name: string, value: Value): never {
  throw failure(`${name}() takes a list or a map, not ${kindOf(value)}.`)
}

function plain(args: readonly Argument[]): Node[] {
  if (args.some(({ spread }) => spread)) throw failure('"..." cannot stand here: each argument is given by itself.')
  return args.map(({ node }) => node)
}
