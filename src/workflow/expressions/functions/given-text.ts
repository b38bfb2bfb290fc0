import { EverwarmError } from '../../../contracts/errors.ts'
import { ExpressionError, FieldError } from '../expression-error.ts'
import { type CallNode, isGivenText, literal, type Node } from '../tree.ts'

/** A text that a value gave, which the next stage must not take for one that is written in the file. */
export const givenText = (text: string): CallNode => ({
  type: 'call',
  name: 'string',
  args: [{ node: literal(text), spread: false }],
})

/** Whether the text comes from a value, and not from the file itself: it may be a secret. */
export const isGiven = (written: Node): boolean => written.type !== 'literal' || isGivenText(written)

const HINT = 'The text comes from a value, which may be a secret: nothing of it is shown.'

/** Errors about what stands in a given text do not say what that is. @param name the function that it was given to */
export function unnamed<T>(name: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw error instanceof EverwarmError ? withoutWords(name, error) : error
  }
}

function withoutWords(name: string, error: EverwarmError): EverwarmError {
  const { code } = error
  if (code === 'EXPRESSION_TOO_LARGE' || code === 'PACKAGE_MISSING') return error
  if (code === 'EXPRESSION_INVALID')
    return new ExpressionError(code, { message: `The text given to ${name}() is no expression.`, hint: HINT })
  const message = `The text given to ${name}() cannot be computed.`
  return error instanceof ExpressionError
    ? new ExpressionError('EXPRESSION_FAILED', { message, hint: HINT })
    : new FieldError(code, { message, hint: HINT })
}
