import { failure } from '../expression-error.ts'
import { Expression } from '../expression.ts'
import type { ExpressionHost } from '../host.ts'
import { isTrue, textOf } from '../values.ts'
import type { PlainFunction } from './function.ts'

const group = 'secrets'

/** Their results are names of environment variables, `env.NAME`: values are known only where the step runs. */
export const secretFunctions = ({ secret, credential }: ExpressionHost): PlainFunction[] => [
  ...(secret
    ? [
        {
          name: 'secret',
          group,
          parameters: 'name, key, computed=false',
          meaning: 'a value from a store of secrets; becomes a reference to an environment variable, never a text',
          min: 2,
          max: 3,
          call: ([name = null, key = null, computed = false], budget) =>
            reference(secret({ name: textOf(name, budget), key: textOf(key, budget), computed: isTrue(computed) })),
        } satisfies PlainFunction,
      ]
    : []),
  ...(credential
    ? [
        {
          name: 'credential',
          group,
          parameters: 'name',
          meaning: 'a value from the store of credentials; becomes a reference to an environment variable, never a text',
          min: 1,
          max: 1,
          call: ([name = null], budget) => reference(credential(textOf(name, budget))),
        } satisfies PlainFunction,
      ]
    : []),
]

function reference(variable: string): Expression {
  // Anything else would be read as another name by the next stage.
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(variable))
    throw failure('The store of secrets gave something that names no environment variable.')
  return new Expression({ type: 'name', names: ['env', variable] })
}
