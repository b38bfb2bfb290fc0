import { failure } from '../expression-error.ts'
import { isTrue, jsonOf, textOf, type Value, valueFrom } from '../values.ts'
import type { PlainFunction } from './function.ts'
import { readYaml, yamlOf } from './yaml-text.ts'

const one = (name: string, parameters: string, meaning: string, call: PlainFunction['call']): PlainFunction => ({
  name,
  group: 'conversion',
  parameters,
  meaning,
  min: 1,
  max: 1,
  call,
})

export const conversionFunctions: readonly PlainFunction[] = [
  one(
    'bool',
    'value',
    'true or false: null, "", "false", "0", "off", an empty list and an empty map are false',
    ([value = null]) => isTrue(value),
  ),
  one('tojson', 'value', 'JSON text', ([value = null], budget) => jsonOf(value, budget)),
  one('json', 'text', 'what a JSON text says', ([text = null], budget) => fromJson(textOf(text, budget))),
  one('toyaml', 'value', 'YAML text', ([value = null], budget) => yamlOf(value, budget)),
  one('yaml', 'text', 'what a YAML text says (YAML 1.2, one document)', ([text = null], budget) =>
    readYaml(textOf(text, budget)),
  ),
]

function fromJson(text: string): Value {
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch {
    // Its message quotes the text.
    throw failure('json() was given a text that is not JSON.')
  }
  return valueFrom(data)
}
