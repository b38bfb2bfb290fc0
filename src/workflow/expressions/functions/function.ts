import type { Expression } from '../expression.ts'
import type { Budget } from '../limits.ts'
import type { Argument, CallNode, Node } from '../tree.ts'
import type { Value } from '../values.ts'

export type FunctionGroup =
  | 'texts'
  | 'numbers'
  | 'lists'
  | 'conversion'
  | 'evaluation'
  | 'paths and files'
  | 'dates'
  | 'shell'
  | 'jq'
  | 'secrets'

interface Described {
  readonly name: string
  readonly group: FunctionGroup
  /** As documented, without the name: `list, sep=","`. */
  readonly parameters: string
  readonly meaning: string
}

/** Called when all arguments are known. Throws ExpressionError; the evaluator adds the place. */
export interface PlainFunction extends Described {
  readonly min: number
  readonly max: number
  call(args: readonly Value[], budget: Budget): Value | Expression
}

/** What may begin before all arguments are known: it answers with a smaller tree, or with `call` itself. */
export interface SpecialForm extends Described {
  readonly min: number
  readonly max: number
  expand(call: CallNode, evaluator: Evaluator): Node
}

export type ExpressionFunction = PlainFunction | SpecialForm

export interface ResolveOptions {
  /** It may turn out that nobody needs the result: until then errors wait. */
  maybeDead?: boolean
  /** Known before all scopes. */
  names?: Readonly<Record<string, Value>>
  /** A first name that stays unknown, whatever scopes say. */
  hidden?: string
}

/** What the evaluator lends to special forms. */
export interface Evaluator {
  readonly budget: Budget
  resolve(node: Node, options?: ResolveOptions): Node
  args(args: readonly Argument[], options?: ResolveOptions): readonly Argument[]
  /** What `compute` makes; where it fails and nobody may need it, `rest`, which has to fail likewise when it is needed. */
  attempt(rest: Node, compute: () => Node): Node
  /** Reads a text that is an expression. */
  open(text: string): Node
}

export const INFINITE = Number.POSITIVE_INFINITY
