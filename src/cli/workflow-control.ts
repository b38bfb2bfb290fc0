import { askExecution } from '../workflow/executions/control-client.ts'
import { findExecution } from '../workflow/executions/execution-folder.ts'
import { counted } from '../workflow/terminal/wording.ts'
import { dataFolder } from '../system/settings.ts'
import { badInput, type Command, type Given } from './command.ts'

const UNIT_HELP = [
  '<id>    of the execution',
  '[unit]  of a worker, such as r4.0: `everwarm workflow status <id>` names them; absent: all',
]

export const workflowPause: Command = {
  options: {},
  help: [...UNIT_HELP, '', 'Paused time counts for no timeout.'],
  async run(given) {
    const { execution, id, unit } = asked(given, 'pause')
    const { paused } = await askExecution(execution, (channel) => channel.call('pause', ...unitArgs(unit)))
    if (paused === 0) throw nothingToPause(unit === undefined ? id : `${id} ${unit}`, id)
    given.print(`${id} pauses${unit === undefined ? '' : ` ${unit}`}`)
  },
}

export const workflowResume: Command = {
  options: {},
  help: UNIT_HELP,
  async run(given) {
    const { execution, id, unit } = asked(given, 'resume')
    const { resumed } = await askExecution(execution, (channel) => channel.call('resume', ...unitArgs(unit)))
    if (resumed === 0) throw badInput(`Nothing of ${id} is paused.`, `everwarm workflow status ${id}`)
    given.print(`${id}: ${counted(resumed, 'unit')} ${resumed === 1 ? 'goes' : 'go'} on`)
  },
}

export const workflowCancel: Command = {
  options: {},
  help: ['<id>  of the execution', '', 'Steps with `condition: always` still run. Asked a second time, it ends at once.'],
  async run(given) {
    const { execution, id, unit } = asked(given, 'cancel')
    if (unit !== undefined) throw badInput('An execution is canceled as a whole.', 'everwarm workflow cancel --help')
    await askExecution(execution, (channel) => channel.call('cancel', 'everwarm workflow cancel'))
    given.print(`${id} ends`)
  },
}

/** Paused already, or what it does has no process: it waits for a place, or brings files. */
const nothingToPause = (what: string, id: string) =>
  badInput(
    `Nothing of ${what} runs at this moment that could be paused, or all of it is already.`,
    `everwarm workflow status ${id}`,
  )

const unitArgs = (unit: string | undefined): [] | [string] => (unit === undefined ? [] : [unit])

/** @throws EverwarmError BAD_INPUT, EXECUTION_UNKNOWN */
function asked({ positionals, env }: Given, verb: string) {
  const [id, unit, more] = positionals
  const see = `everwarm workflow ${verb} --help`
  if (id === undefined) throw badInput(`Which execution? \`everwarm workflow ${verb} <id>\`.`, see)
  if (more !== undefined) throw badInput(`"${more}" is too much here.`, see)
  return { execution: findExecution(dataFolder(env, 'executions'), id), id, unit }
}
