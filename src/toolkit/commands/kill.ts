import { EverwarmError } from '../../contracts/errors.ts'
import { expressionFault } from '../../workflow/field-expressions.ts'
import { badInput, listOf, type ToolkitGiven } from '../command.ts'
import { readConfig } from '../toolkit-config.ts'
import { askKeeper } from '../keeper/ask-keeper.ts'
import { groupFolder } from '../keeper/group-folder.ts'
import { onStopSignals } from '../../system/stop-signals.ts'

export async function kill(given: ToolkitGiven): Promise<number> {
  const group = given.positionals[0]!
  const logs = Object.fromEntries(listOf(given, 'logs').map(condition))
  const folder = groupFolder(group, readConfig(given.env).execution, given.env)
  // They are ending: the first signal asks for nothing else.
  const restore = onStopSignals(() => {})
  const result = await askKeeper(folder, group, (keeper) => keeper.call('kill', logs))
  restore()
  for (const warning of result.warnings) given.print(`warning: ${warning}`)
  if (Object.keys(logs).length > 0) for (const place of result.logs) given.print(`Output that was kept: ${place}/logs`)
  if (result.error) throw new EverwarmError(result.error.code, result.error)
  given.print(`The services of the group "${group}" are ended.`)
  return result.exitCode
}

/** @throws EverwarmError BAD_INPUT */
function condition(text: string): [string, string] {
  const at = text.indexOf('=')
  const name = at === -1 ? text : text.slice(0, at)
  const expression = at === -1 ? 'always' : text.slice(at + 1)
  if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) throw badInput(`--logs: "${name.slice(0, 60)}" is no name of a service.`)
  const fault = expressionFault(expression, 'expression')
  if (fault) throw badInput(`--logs ${name}: ${fault.message}`, fault.hint)
  return [name, expression]
}
