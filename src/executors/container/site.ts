import type { Container } from '../../contracts/workflow/container.ts'
import { EverwarmError } from '../../contracts/errors.ts'
import type { ServiceRequest, Site, SiteRequest, SiteService } from '../executor.ts'
import { settingsOf } from './container-settings.ts'
import { type ContainerSettings, engineMessage, unlessGone } from './engine.ts'
import { siteFiles } from './files.ts'
import { startIdle } from './idle-container.ts'
import { imageCommand } from './commands.ts'
import { runService } from './services.ts'
import { createSiteContainers } from './site-containers.ts'
import { SITE } from './marks.ts'
import { type Mount, mountsOf } from './volumes.ts'
import type { World } from './world.ts'

/** Nothing is made yet but the site itself: containers come with the first command that needs one. */
export function createSite(world: World, request: SiteRequest): Site {
  const { docker, clock } = world
  const prefix = `${world.prefix}-${request.id}`
  const labels = { ...world.labels, [SITE]: request.id }
  const services = new Set<Promise<SiteService>>()
  const volumes = new Map<string, Promise<unknown>>()
  let containerCount = 0
  let closing: Promise<void> | undefined

  async function mounts(container: Container, pod: SiteRequest['pod'], pvcs: SiteRequest['pvcs'], of: string): Promise<Mount[]> {
    const names = {
      ofSite: (name: string) => `${of}-${name}`,
      ofExecution: (claim: string) => `${prefix}-claim-${claim}`,
      claims: new Set(Object.entries(pvcs ?? {}).flatMap(([key, claim]) => [key, String(claim['name'] ?? key)])),
    }
    const data: Mount = { target: '/data', isReadOnly: false, source: { type: 'volume', name: `${of}-data`, isKept: false } }
    const all = [data, ...mountsOf(container, pod, names)]
    await Promise.all(all.map(makeVolume))
    return all
  }
  async function makeVolume({ source }: Mount): Promise<void> {
    if (source.type !== 'volume' || source.isKept) return
    const known = volumes.get(source.name) ?? docker.createVolume({ Name: source.name, Labels: labels })
    volumes.set(source.name, known)
    await known
  }

  const containers = createSiteContainers(request.commands, async (container) => {
    const [image, network, mounted] = await Promise.all([
      world.image(container),
      world.network(),
      mounts(container, request.pod, request.pvcs, prefix),
    ])
    const name = `${prefix}-${(containerCount += 1)}`
    return startIdle(docker, { name, labels, image, container, pod: request.pod, mounts: mounted, network }, clock)
  })

  async function startService(service: ServiceRequest): Promise<SiteService> {
    const { container, pod, signal } = service
    signal.throwIfAborted()
    const name = `${prefix}-${service.id}`
    const [image, network, mounted] = await Promise.all([
      world.image(container),
      world.network(),
      mounts(container, pod, service.pvcs, name),
    ])
    signal.throwIfAborted()
    const argv = service.argv ?? imageCommand(image)
    const { HostConfig, ...settings } = settingsOf(container, pod, mounted)
    const options: ContainerSettings = {
      ...settings,
      name,
      Image: image.Id,
      Labels: { ...pod?.labels, ...labels },
      Env: Object.entries({ WORKFLOW_DATA: '/data', ...portVariables(service.ports), ...service.env }).map(
        ([k, v]) => `${k}=${v}`,
      ),
      Entrypoint: argv.slice(0, 1),
      Cmd: argv.slice(1),
      WorkingDir: service.cwd ?? container.workingDir ?? (image.Config.WorkingDir || '/data/repo'),
      HostConfig: { ...HostConfig, NetworkMode: network, LogConfig: { Type: 'none', Config: {} } },
      NetworkingConfig: { EndpointsConfig: { [network]: { Aliases: [service.id] } } },
    }
    const made = await docker.createContainer(options).catch((cause: unknown) => {
      throw new EverwarmError('SERVICE_FAILED', {
        message: `No container can be made for the service ${service.name}: ${engineMessage(cause)}`,
        hint: 'Look at its fields.',
        cause,
      })
    })
    return runService(made, service, network, { docker, clock, isNear: world.isNear, place: () => containers.any() })
  }

  async function close(): Promise<void> {
    const begun = await Promise.allSettled(services)
    await Promise.all([
      containers.close(),
      ...begun.map((service) => (service.status === 'fulfilled' ? service.value.close() : undefined)),
    ])
    await Promise.all(
      [...volumes].map(async ([name, made]) => {
        await made.catch(() => {}) // Then there is nothing to remove, and who wanted it knows.
        await unlessGone(() => docker.getVolume(name).remove({ force: true }))
      }),
    )
  }

  return {
    id: request.id,
    files: siteFiles(() => containers.any()),
    environment: async (command) => (await containers.of(command)).idle.environment,
    start: async (command) => (await containers.of(command)).commands.start(command),
    startService(service) {
      const begun = startService(service)
      services.add(begun)
      begun.catch(() => services.delete(begun))
      return begun
    },
    close: () => (closing ??= close()),
  }
}

/** Where it is meant to listen, the same in the container and outside. */
const portVariables = (ports: readonly number[]) =>
  Object.fromEntries([
    ...ports.slice(0, 1).map((port) => ['PORT', String(port)]),
    ...ports.map((port) => [`PORT_${port}`, String(port)]),
  ]) as Record<string, string>
