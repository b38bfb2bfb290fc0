import { failure } from './expression-error.ts'
import type { Budget } from './limits.ts'
import { numberIn } from './numbers.ts'
import type { BinaryOperator, UnaryOperator } from './tree.ts'
import { isTrue, kindOf, textOf, type Value } from './values.ts'

/**
 * `==` and `!=` compare text forms, `< <= > >=` numbers; `+` puts texts together if one side is a text.
 * @throws ExpressionError EXPRESSION_FAILED, EXPRESSION_TOO_LARGE
 */
export function operate(operator: BinaryOperator, left: Value, right: Value, budget: Budget): Value {
  if (operator === '==' || operator === '!=') return (textOf(left, budget) === textOf(right, budget)) === (operator === '==')
  if (operator === '+' && (typeof left === 'string' || typeof right === 'string')) {
    const [before, after] = [textOf(left, budget), textOf(right, budget)]
    budget.text(before.length + after.length)
    return before + after
  }
  return calculate(operator, numberOf(left, `The left side of ${operator}`), numberOf(right, `The right side of ${operator}`))
}

function calculate(operator: Exclude<BinaryOperator, '==' | '!='>, left: number, right: number): Value {
  switch (operator) {
    case '<':
      return left < right
    case '<=':
      return left <= right
    case '>':
      return left > right
    case '>=':
      return left >= right
    case '+':
      return finite(left + right)
    case '-':
      return finite(left - right)
    case '*':
      return finite(left * right)
    case '**':
      return finite(left ** right)
    case '/':
    case '%':
      if (right === 0) throw failure(`The right side of ${operator} is zero.`)
      return finite(operator === '/' ? left / right : left % right)
  }
}

export function operateOn(operator: UnaryOperator, operand: Value): Value {
  return operator === '!' ? !isTrue(operand) : finite(-numberOf(operand, 'What - stands before'))
}

/** null is 0, true 1 and false 0; texts are numbers if they look so. @throws ExpressionError EXPRESSION_FAILED */
export function numberOf(value: Value, what: string): number {
  if (value === null) return 0
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return Number(value)
  const number = typeof value === 'string' ? numberIn(value) : undefined
  if (number === undefined) throw failure(`${what} is ${kindOf(value)} that is no number.`)
  return number
}

/** Minus zero is no number of the language: nothing could tell it from zero but a division, which is an error. */
function finite(value: number): number {
  if (!Number.isFinite(value)) throw failure('The result is too large, or no real number.')
  return value === 0 ? 0 : value
}
