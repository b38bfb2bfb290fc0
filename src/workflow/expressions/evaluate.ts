import { EverwarmError } from '../../contracts/errors.ts'
import { property } from './access.ts'
import { ExpressionError, failure } from './expression-error.ts'
import { Expression, parseExpression } from './expression.ts'
import type { Evaluator, ExpressionFunction } from './functions/function.ts'
import { type Budget, MAX_DEPTH, NODE_COST } from './limits.ts'
import { operate, operateOn } from './operators.ts'
import { findFunction, findName, namesScope, type Scope } from './scopes.ts'
import { type Argument, type CallNode, literal, type LogicalNode, type Node } from './tree.ts'
import { isList, isTrue, kindOf, type Value } from './values.ts'

interface Context {
  readonly scopes: readonly Scope[]
  readonly budget: Budget
  readonly depth: number
  /** Nobody knows yet whether this part counts (behind an unknown `&&`): what fails is kept as it is, and fails when it counts. */
  readonly maybeDead: boolean
}

/**
 * Replaces what is known by literals; what is unknown stays, with smaller parts. Resolving in two stages gives what one would.
 * @throws ExpressionError; what functions of the host throw
 */
export function evaluate(node: Node, scopes: readonly Scope[], budget: Budget): Node {
  return reduce(node, { scopes, budget, depth: 0, maybeDead: false })
}

function reduce(node: Node, outer: Context): Node {
  if (outer.depth >= MAX_DEPTH) outer.budget.tooDeep()
  outer.budget.spend(NODE_COST)
  const context = { ...outer, depth: outer.depth + 1 }
  switch (node.type) {
    case 'literal':
      return node
    case 'name':
      return nameOf(node.names, node, context)
    case 'access':
      return propertyOf(reduce(node.object, context), node.keys, node, context)
    case 'unary': {
      const operand = reduce(node.operand, context)
      const rest = { ...node, operand }
      return operand.type === 'literal'
        ? attempt(rest, context, () => literal(operateOn(node.operator, operand.value), node.place))
        : rest
    }
    case 'binary': {
      const [left, right] = [reduce(node.left, context), reduce(node.right, context)]
      const rest = { ...node, left, right }
      if (left.type !== 'literal' || right.type !== 'literal') return rest
      return attempt(rest, context, () => literal(operate(node.operator, left.value, right.value, context.budget), node.place))
    }
    case 'logical':
      return logical(node, context)
    case 'choice': {
      const condition = reduce(node.condition, context)
      if (condition.type === 'literal') return reduce(isTrue(condition.value) ? node.yes : node.no, context)
      const maybe = { ...context, maybeDead: true }
      return { ...node, condition, yes: reduce(node.yes, maybe), no: reduce(node.no, maybe) }
    }
    case 'call':
      return called(node, context)
  }
}

function logical(node: LogicalNode, context: Context): Node {
  const left = reduce(node.left, context)
  if (left.type !== 'literal') return { ...node, left, right: reduce(node.right, { ...context, maybeDead: true }) }
  return isTrue(left.value) === (node.operator === '&&') ? reduce(node.right, context) : left
}

function nameOf(names: readonly string[], node: Node, context: Context): Node {
  const found = findName(names, context.scopes)
  if (!found) return node
  const { value, rest } = found
  if (!(value instanceof Expression)) return propertyOf(literal(value, node.place), rest, node, context)
  context.budget.pass()
  return propertyOf(reduce(value.node, context), rest, node, context)
}

function propertyOf(object: Node, keys: readonly string[], node: Node, context: Context): Node {
  if (keys.length === 0) return object
  const rest: Node = { type: 'access', object, keys, ...(node.place ? { place: node.place } : {}) }
  return object.type === 'literal'
    ? attempt(rest, context, () => literal(property(object.value, keys, context.budget), node.place))
    : rest
}

function called(node: CallNode, context: Context): Node {
  const known = findFunction(node.name, context.scopes)
  const evaluator = evaluatorIn(context)
  if (known && 'expand' in known) {
    return attempt(node, context, () => {
      if (!node.args.some(({ spread }) => spread)) checkCount(known, node.args.length)
      return known.expand(node, evaluator)
    })
  }
  const args = evaluator.args(node.args)
  const rest: CallNode = { ...node, args }
  if (!known || !args.every(({ node }) => node.type === 'literal')) return rest
  return attempt(rest, context, () => {
    const values = valuesOf(args, context.budget)
    checkCount(known, values.length)
    const result = known.call(values, context.budget)
    if (!(result instanceof Expression)) return literal(result, node.place)
    context.budget.pass()
    return reduce(result.node, context)
  })
}

function evaluatorIn(context: Context): Evaluator {
  const opened = new Set<Node>()
  const resolve: Evaluator['resolve'] = (node, { maybeDead = false, names, hidden } = {}) => {
    const scopes = names ? [namesScope(names), ...context.scopes] : context.scopes
    const inner = {
      ...context,
      maybeDead: context.maybeDead || maybeDead,
      scopes: hidden === undefined ? scopes : scopes.map((scope) => hiding(hidden, scope)),
    }
    return opened.has(node) ? unplaced(() => reduce(node, inner)) : reduce(node, inner)
  }
  return {
    budget: context.budget,
    resolve,
    attempt: (rest, compute) => attempt(rest, context, compute),
    args: (args, options) => args.map(({ node, spread }) => ({ node: resolve(node, options), spread })),
    open(text) {
      context.budget.pass()
      context.budget.spend(text.length)
      const { node } = unplaced(() => parseExpression(text))
      opened.add(node)
      return node
    },
  }
}

/** Lines and columns of a text inside a text would be taken for those of the field: errors in it stand where it is opened. */
function unplaced<T>(act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw error instanceof ExpressionError ? error.unplaced() : error
  }
}

function hiding(hidden: string, scope: Scope): Scope {
  const isHidden = (name: string) => name === hidden || name.startsWith(`${hidden}.`)
  return { functions: scope.functions, lookup: (name) => (isHidden(name) ? undefined : scope.lookup?.(name)) }
}

/** All arguments as values, lists with `...` item by item. */
export function valuesOf(args: readonly Argument[], budget: Budget): Value[] {
  const values: Value[] = []
  for (const { node, spread } of args) {
    if (node.type !== 'literal') throw failure('An argument is not known.')
    if (!spread) values.push(node.value)
    else if (!isList(node.value)) throw failure(`Only a list can stand before "...", not ${kindOf(node.value)}.`)
    else {
      budget.items(values.length + node.value.length)
      for (const value of node.value) values.push(value)
    }
  }
  return values
}

function checkCount({ name, min, max, parameters }: ExpressionFunction, count: number): void {
  if (count < min || count > max)
    throw failure(`${name}() was given ${count} argument${count === 1 ? '' : 's'}.`, `It is ${name}(${parameters}).`)
}

/** What `compute` makes, or where it fails and nobody may need it, `rest`. */
function attempt(rest: Node, { budget, maybeDead }: Context, compute: () => Node): Node {
  try {
    return compute()
  } catch (error) {
    if (maybeDead && error instanceof EverwarmError && !budget.isSpent) return rest
    throw error instanceof ExpressionError ? error.locate({ place: rest.place }) : error
  }
}
