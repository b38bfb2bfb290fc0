import { paint } from '../../system/log.ts'
import { plainRenderer } from '../../workflow/terminal/plain.ts'
import { badInput, flagOf, textOf, type ToolkitGiven } from '../command.ts'
import { readConfig } from '../toolkit-config.ts'
import { type GroupAddresses, shellLines } from '../keeper/addresses.ts'
import { askKeeper } from '../keeper/ask-keeper.ts'
import { beginKeeper } from '../keeper/begin-keeper.ts'
import { groupFolder } from '../keeper/group-folder.ts'
import { askingProcess } from '../keeper/owner.ts'
import { EverwarmError } from '../../contracts/errors.ts'
import { servicesInBand } from '../say-in-band.ts'
import { specOf } from '../spec-argument.ts'
import { onStopSignals } from '../../system/stop-signals.ts'
import { prepareStep } from '../one-step.ts'

export async function services(given: ToolkitGiven): Promise<number> {
  const group = textOf(given, 'group')
  if (group === undefined) throw badInput('No group was named.', 'Give `--group <name>`; `kill <name>` ends it.')
  const { execution, workflows } = readConfig(given.env)
  const folder = groupFolder(group, execution, given.env)
  if (given.positionals.length === 0 && !flagOf(given, 'base64')) {
    for (const line of shellLines(await askKeeper(folder, group, (keeper) => keeper.call('addresses')))) given.print(line)
    return 0
  }
  const spec = servicesOf(given)
  if (Object.keys(spec).length === 0) {
    given.print('0 services: nothing was started.')
    return 0
  }
  // What is wrong in it is said by this process, before another is begun.
  prepareStep({ name: 'toolkit-services', step: { services: spec }, at: ['services'], files: workflows })
  return startAll(given, group, spec)
}

async function startAll(given: ToolkitGiven, group: string, spec: Record<string, unknown>): Promise<number> {
  const renderer = plainRenderer({ print: given.print, paint })
  const keeper = beginKeeper(given, { group, services: spec, owner: askingProcess() }, (line) => {
    if ('event' in line) renderer.hear(line.event, '')
    else if ('note' in line) renderer.note(line.note)
  })
  const restore = onStopSignals((signal) => {
    renderer.note(`${signal}: services end. Once more does not wait for it.`)
    keeper.giveUp()
  })
  const last = await keeper.last
  restore()
  if ('ready' in last) {
    await keeper.release()
    told(given, group, last.ready, last.folder)
    return 0
  }
  const { error, execution, exitCode } = last.ended
  if (execution !== undefined) given.print(`Output that was kept: ${execution}`)
  if (error) throw new EverwarmError(error.code, error)
  return exitCode === 155 ? 155 : 1
}

function told(given: ToolkitGiven, group: string, addresses: GroupAddresses, folder: string): void {
  servicesInBand(addresses, given.env)
  given.print(`All services of the group "${group}" are ready; their addresses, for a shell: ${folder}/addresses.env`)
}

/** One document with all of them, or `name=<json>` for each. */
function servicesOf(given: ToolkitGiven): Record<string, unknown> {
  const { positionals } = given
  const isBase64 = flagOf(given, 'base64')
  const pairs = positionals.map((each) => /^([a-z0-9][a-z0-9-]*)=(.*)$/s.exec(each))
  if (!isBase64 && pairs.every((pair) => pair !== null))
    return Object.fromEntries(pairs.map((pair) => [pair![1]!, specOf(pair![2]!, false)]))
  if (positionals.length !== 1)
    throw badInput(
      'Give one specification of all services, or `name=<json>` for each of them.',
      'See `everwarm-toolkit services --help`.',
    )
  const spec = specOf(positionals[0]!, isBase64)
  if (typeof spec === 'object' && spec !== null && !Array.isArray(spec)) return spec as Record<string, unknown>
  throw badInput('The argument is no map of services by name.')
}
