import { failure } from '../expression-error.ts'
import { print } from '../printer.ts'
import { type Argument, type CallNode, literal, type Node } from '../tree.ts'
import { isList, isMap, isTrue, kindOf, textOf, type Value } from '../values.ts'
import type { Evaluator, SpecialForm } from './function.ts'
import { INFINITE } from './function.ts'
import { givenText, isGiven, unnamed } from './given-text.ts'

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
      const opening = openingOf(call, call.args[0]!.node, evaluator)
      const rest: CallNode = { ...call, args: [{ node: opening.kept(text), spread: false }] }
      if (text.type !== 'literal') return rest
      return evaluator.attempt(rest, () => {
        const result = opening.left(opening.about(() => evaluator.resolve(evaluator.open(textOf(text.value, evaluator.budget)))))
        return call.place ? { ...result, place: call.place } : result
      })
    },
  },
]

/** How a text is opened: of one that a value gave, neither errors nor what is left say the words. */
interface Opening {
  about<T>(act: () => T): T
  /** The text as an argument of what is left. */
  kept(text: Node): Node
  /** What is left of what stands in it. */
  left(node: Node): Node
}

const OWN: Opening = { about: (act) => act(), kept: (text) => text, left: (node) => node }

/** @param written the text as it stands in the call */
function openingOf({ name }: CallNode, written: Node, { budget }: Evaluator): Opening {
  if (!isGiven(written)) return OWN
  const kept = (text: Node) => (text.type === 'literal' ? givenText(textOf(text.value, budget)) : text)
  const left = (node: Node): Node => {
    if (node.type === 'literal') return node
    const text = print(node)
    budget.text(text.length)
    return { type: 'call', name: 'eval', args: [{ node: givenText(text), spread: false }] }
  }
  return { about: (act) => unnamed(name, act), kept, left }
}

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

type Itemwise = (itemwise: ItemwiseCall, items: readonly Item[], evaluator: Evaluator) => Node

interface ItemwiseCall {
  /** With all that is known by now. */
  rest: CallNode
  body: Node
  opening: Opening
}

/** What `map` and `filter` share; what is left of them has all that is known by now, in its body too. */
function itemwise(call: CallNode, evaluator: Evaluator, compute: Itemwise): Node {
  const [list, text] = plain(evaluator.args(call.args)) as [Node, Node]
  const opening = openingOf(call, call.args[1]!.node, evaluator)
  const rest: CallNode = { ...call, args: [list, opening.kept(text)].map((node): Argument => ({ node, spread: false })) }
  if (text.type !== 'literal') return rest
  return evaluator.attempt(rest, () => {
    const body = opening.about(() => evaluator.open(textOf(text.value, evaluator.budget)))
    const known: ItemwiseCall = { rest, body, opening }
    if (list.type !== 'literal') return waiting(known, evaluator)
    const items = itemsOf(list.value)
    if (!items) return evaluator.attempt(waiting(known, evaluator), () => noItems(call.name, list.value))
    evaluator.budget.items(items.length)
    return compute(known, items, evaluator)
  })
}

function mapped({ rest, body, opening }: ItemwiseCall, items: readonly Item[], evaluator: Evaluator): Node {
  const nodes = opening.about(() => items.map((names) => evaluator.resolve(body, { names: { _: names } })))
  if (nodes.every((node) => node.type === 'literal')) {
    const values = nodes.map(({ value }) => value)
    return literal(values, rest.place)
  }
  return { ...rest, name: 'list', args: nodes.map((node) => ({ node: opening.left(node), spread: false })) }
}

function filtered(known: ItemwiseCall, items: readonly Item[], evaluator: Evaluator): Node {
  const { rest, body, opening } = known
  const kept: Item[] = []
  for (const names of items) {
    const node = opening.about(() => evaluator.resolve(body, { names: { _: names } }))
    if (node.type !== 'literal') return waiting(known, evaluator)
    if (isTrue(node.value)) kept.push(names)
  }
  const [list] = rest.args
  if (list?.node.type === 'literal' && isMap(list.node.value))
    return literal(Object.fromEntries(kept.map(({ key, value }) => [key, value])), rest.place)
  const values = kept.map(({ value }) => value)
  return literal(values, rest.place)
}

/** What this stage knows goes into the text, for the next one does not know it. */
function waiting({ rest, body, opening }: ItemwiseCall, evaluator: Evaluator): CallNode {
  const text = print(opening.about(() => evaluator.resolve(body, { hidden: '_', maybeDead: true })))
  evaluator.budget.text(text.length)
  return { ...rest, args: [rest.args[0]!, { node: opening.kept(literal(text)), spread: false }] }
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
