import { EverwarmError } from '../../contracts/errors.ts'
import { evaluate } from './evaluate.ts'
import { failure, tooLarge } from './expression-error.ts'
import { Expression, parseExpression } from './expression.ts'
import { LIBRARY } from './functions/library.ts'
import { NotReadYet } from './host.ts'
import { Budget } from './limits.ts'
import { checkSize } from './printer.ts'
import type { Scope } from './scopes.ts'
import type { Node } from './tree.ts'
import type { Value } from './values.ts'

/**
 * The value, or where something is not known, a smaller expression. The first scope that knows a name wins; the functions that
 * need no host are always known.
 * @throws ExpressionError EXPRESSION_INVALID, EXPRESSION_FAILED, EXPRESSION_TOO_LARGE; EverwarmError of the host; PACKAGE_MISSING
 */
export function resolve(expression: string | Expression, scopes: readonly Scope[]): Value | Expression {
  const { node } = typeof expression === 'string' ? parseExpression(expression) : expression
  const rest = resolveNode(node, scopes)
  return rest.type === 'literal' ? rest.value : new Expression(rest)
}

/** As `resolve`, for trees. */
export function resolveNode(node: Node, scopes: readonly Scope[]): Node {
  return guarded(() => {
    const rest = evaluate(node, [...scopes, LIBRARY], new Budget())
    // Parts of a value may be the same list a thousand times: outside of here it is written down.
    checkSize(rest)
    return rest
  })
}

/** What is no error of ours becomes one. */
function guarded<T>(act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (error instanceof EverwarmError || error instanceof NotReadYet) throw error
    if (error instanceof RangeError) throw tooLarge('The expression needs more memory or stack than there is.')
    throw failure('A function of the expression broke off.', undefined, error)
  }
}
