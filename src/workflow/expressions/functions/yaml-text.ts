import { parse, stringify } from 'yaml'
import { ExpressionError, failure } from '../expression-error.ts'
import type { Budget } from '../limits.ts'
import { sizeOf, type Value, valueFrom } from '../values.ts'

/** At most a hundred uses of anchors, for they may grow without bounds. @throws ExpressionError EXPRESSION_FAILED */
export function readYaml(text: string): Value {
  try {
    return valueFrom(parse(text, { version: '1.2', logLevel: 'error', prettyErrors: false, maxAliasCount: 100 }))
  } catch (error) {
    if (error instanceof ExpressionError) throw error
    // Its message may quote the text.
    throw failure('yaml() was given a text that is not YAML.', 'It takes one document, without tags of its own.')
  }
}

/** @throws ExpressionError EXPRESSION_TOO_LARGE */
export function yamlOf(value: Value, budget: Budget): string {
  budget.text(sizeOf(value))
  const text = stringify(value, { aliasDuplicateObjects: false, lineWidth: 0 })
  budget.text(text.length)
  return text
}
