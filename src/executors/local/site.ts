import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { EverwarmError } from '../../contracts/errors.ts'
import type { Container } from '../../contracts/workflow/container.ts'
import type { ServiceRequest, Site, SiteCommand, SiteRequest, SiteService } from '../executor.ts'
import { type LocalProcess, startCommand } from './command.ts'
import { environmentOf } from './environment.ts'
import { siteFiles } from './files.ts'
import { freePort } from './free-port.ts'
import type { LocalHouse } from './local-house.ts'
import { COMMAND_MARK, EXECUTION_MARK, killAll } from './process-tree.ts'
import { removeTree } from './remove-tree.ts'
import { makeSandbox, movedTo, type Sandbox } from './sandbox.ts'
import { openService } from './service.ts'

/** @param folder of the execution. @throws EverwarmError SITE_FAILED */
export async function openSite(house: LocalHouse, executionId: string, folder: string, request: SiteRequest): Promise<Site> {
  request.signal.throwIfAborted()
  const box = makePlace(folder, request.id)
  await makeMounts(box, request.commands)
  const environment = environmentOf(house.base, box, executionId)
  const mark = `${executionId}/${request.id}/`
  const commands = new Set<LocalProcess>()
  const services = new Set<SiteService>()
  let closing: Promise<void> | undefined
  let begun = 0

  async function launch(
    place: Sandbox,
    { argv, env, cwd, hear }: Pick<SiteCommand, 'argv' | 'env' | 'cwd' | 'hear'>,
  ): Promise<LocalProcess> {
    if (closing) throw closed(request.id)
    const ownMark = `${mark}${(begun += 1)}`
    const process = await startCommand({
      argv,
      env: { ...env, [EXECUTION_MARK]: executionId, [COMMAND_MARK]: ownMark },
      cwd: cwd === undefined ? place.path('.') : place.path(cwd),
      hear,
      mark: ownMark,
      spawn: house.spawn,
      reaper: house.reaper,
      clock: house.clock,
    })
    commands.add(process)
    // What it has left, in its group or at its pipes, ends with the site.
    void process.ended.then(() => process.isThere() || process.openPipes().length > 0 || commands.delete(process))
    if (!closing) return process
    await process.stop(0)
    throw closed(request.id)
  }

  async function startService(asked: ServiceRequest): Promise<SiteService> {
    asked.signal.throwIfAborted()
    if (closing) throw closed(request.id)
    const place = makePlace(folder, asked.id)
    await makeMounts(place, [asked])
    const ports: Record<number, number> = {}
    for (const port of asked.ports) ports[port] = await freePort(house.takenPorts)
    const onClosed = async () => {
      services.delete(service)
      for (const port of Object.values(ports)) house.takenPorts.delete(port)
      await removeTree(place.folder)
    }
    const env = { ...environmentOf(house.base, place, executionId), ...portVariables(asked.ports, ports), ...asked.env }
    // Its folders are its own: what is meant of those of the site is meant of them.
    const cwd = asked.cwd === undefined ? undefined : movedTo(place, box, asked.cwd)
    let service: SiteService
    try {
      await asked.prepare?.(siteFiles(place))
      asked.signal.throwIfAborted()
      const start: Parameters<typeof openService>[0]['start'] = (argv, hear) => launch(place, { argv, env, cwd, hear })
      service = await openService({ request: asked, ports, clock: house.clock, start, onClosed })
    } catch (error) {
      await removeTree(place.folder)
      throw error
    }
    services.add(service)
    return service
  }

  async function close(): Promise<void> {
    await Promise.all([...services].map((service) => service.close()))
    const left = [...commands].filter((process) => process.isThere())
    const marks = [`${COMMAND_MARK}=${mark}`]
    const pipes = [...commands].flatMap((process) => process.openPipes())
    const places = [box.folder, ...pipes]
    if (left.length + pipes.length > 0) await killAll({ groupIds: left.map(({ groupId }) => groupId), marks, places })
    // Nobody is known to be left; who has gone out of sight is looked for together with those of others.
    else if (begun > 0) house.strays.look({ marks, places })
    for (const { groupId } of left) house.reaper.remove(groupId)
    for (const process of commands) process.drop()
    await removeTree(box.folder)
  }
  return {
    id: request.id,
    files: siteFiles(box),
    environment: async () => environment,
    start: (command) => launch(box, { ...command, env: { ...environment, ...command.env } }),
    startService,
    close: () => (closing ??= Promise.resolve().then(close)),
  }
}

function portVariables(declared: readonly number[], given: Readonly<Record<number, number>>): Record<string, string> {
  const variables = Object.fromEntries(declared.map((port) => [`PORT_${port}`, String(given[port])]))
  return declared.length > 0 ? { ...variables, PORT: String(given[declared[0]!]) } : variables
}

function makePlace(folder: string, id: string): Sandbox {
  try {
    if (!/^[a-z0-9][a-z0-9-]{0,39}$/.test(id)) throw new Error('its id is no name of lower-case letters, digits and -')
    return makeSandbox(join(folder, id))
  } catch (cause) {
    throw new EverwarmError('SITE_FAILED', {
      message: `The folder of "${id}" cannot be made in ${folder}: ${(cause as Error).message}.`,
      hint: 'Look at the disk, and set EVERWARM_CACHE to a folder with room.',
      cause,
    })
  }
}

/** Nothing can be mounted, but what would be mounted below `/data` are folders there. */
async function makeMounts(place: Sandbox, commands: readonly { container: Container }[]): Promise<void> {
  const paths = new Set(
    commands.flatMap(({ container }) => (container.volumeMounts ?? []).map(({ mountPath }) => String(mountPath))),
  )
  for (const path of paths) if (place.holds(place.path(path))) await mkdir(place.path(path), { recursive: true })
}

const closed = (id: string) =>
  new EverwarmError('SITE_LOST', {
    message: `Nothing is started in "${id}" any more: it is closed.`,
    hint: 'Run the workflow again.',
  })
