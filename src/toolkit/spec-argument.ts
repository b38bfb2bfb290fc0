import { readYaml } from '../workflow/yaml.ts'
import { decodeArgument } from '../workflow/expressions/argument.ts'
import { badInput } from './command.ts'

/** What an argument says: JSON or YAML, or base64 of JSON. @throws EverwarmError BAD_INPUT */
export function specOf(argument: string, isBase64: boolean): unknown {
  if (isBase64) return decodeArgument(argument)
  const [document, more] = readYaml(argument).documents
  const fault = document?.faults[0]
  if (!document || more || fault)
    throw badInput(`The argument is not one document of JSON or YAML${fault ? `: ${fault.message.replace(/\.$/, '')}` : ''}.`)
  return document.value
}
