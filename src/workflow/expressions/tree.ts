import type { Place } from './expression-error.ts'
import type { Value } from './values.ts'

export type BinaryOperator = '==' | '!=' | '<' | '<=' | '>' | '>=' | '+' | '-' | '*' | '/' | '%' | '**'
export type LogicalOperator = '&&' | '||'
export type UnaryOperator = '!' | '-'

interface Placed {
  /** In the text that it was read from; absent for what was computed. */
  readonly place?: Place
}

export interface LiteralNode extends Placed {
  readonly type: 'literal'
  readonly value: Value
}

/** `services.db.*.ip`: `*` stands for all items of a list. */
export interface NameNode extends Placed {
  readonly type: 'name'
  readonly names: readonly string[]
}

/** Properties of what is no name: `(a || b).c`, `f(x).0`. */
export interface AccessNode extends Placed {
  readonly type: 'access'
  readonly object: Node
  readonly keys: readonly string[]
}

export interface UnaryNode extends Placed {
  readonly type: 'unary'
  readonly operator: UnaryOperator
  readonly operand: Node
}

export interface BinaryNode extends Placed {
  readonly type: 'binary'
  readonly operator: BinaryOperator
  readonly left: Node
  readonly right: Node
}

export interface LogicalNode extends Placed {
  readonly type: 'logical'
  readonly operator: LogicalOperator
  readonly left: Node
  readonly right: Node
}

export interface ChoiceNode extends Placed {
  readonly type: 'choice'
  readonly condition: Node
  readonly yes: Node
  readonly no: Node
}

export interface Argument {
  readonly node: Node
  /** `list...`: each item is an argument. */
  readonly spread: boolean
}

export interface CallNode extends Placed {
  readonly type: 'call'
  readonly name: string
  readonly args: readonly Argument[]
}

export type Node = LiteralNode | NameNode | AccessNode | UnaryNode | BinaryNode | LogicalNode | ChoiceNode | CallNode

export const literal = (value: Value, place?: Place): LiteralNode => ({ type: 'literal', value, ...(place ? { place } : {}) })

export function childrenOf(node: Node): readonly Node[] {
  switch (node.type) {
    case 'literal':
    case 'name':
      return []
    case 'access':
      return [node.object]
    case 'unary':
      return [node.operand]
    case 'binary':
    case 'logical':
      return [node.left, node.right]
    case 'choice':
      return [node.condition, node.yes, node.no]
    case 'call':
      return node.args.map((arg) => arg.node)
  }
}

/** Levels of a tree. Without recursion: it guards what recurses. */
export function heightOf(root: Node): number {
  let level: readonly Node[] = [root]
  let height = 0
  for (; level.length > 0; height++) level = level.flatMap(childrenOf)
  return height
}

/** A text that a value gave to eval() or map(): its words may be those of a secret. As a call it is printed as one, too. */
export const isGivenText = (node: Node): boolean =>
  node.type === 'call' && node.name === 'string' && node.args.length === 1 && node.args[0]!.node.type === 'literal'

const GIVEN_NAME = 'a name in the text that eval() or map() was given'

/** Names and functions (with brackets) that nobody knew, each once, in the order of the text. */
export function unknownsOf(root: Node): string[] {
  const found = new Set<string>()
  const visit = (node: Node) => {
    if (isGivenText(node)) return void found.add(GIVEN_NAME)
    if (node.type === 'name') found.add(node.names.join('.'))
    const before = found.size
    childrenOf(node).forEach(visit)
    if (node.type === 'call' && found.size === before) found.add(`${node.name}()`)
  }
  visit(root)
  return [...found]
}
