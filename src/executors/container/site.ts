import type { ServiceRequest, Site, SiteRequest, SiteService } from '../executor.ts'
import { siteFiles } from './files.ts'
import { startIdle } from './idle-container.ts'
import { SITE } from './marks.ts'
import { makeServiceContainer } from './service-container.ts'
import { runService } from './services.ts'
import { createSiteContainers } from './site-containers.ts'
import { createSiteVolumes } from './site-volumes.ts'
import type { World } from './world.ts'

/** Nothing is made yet but the site itself: containers come with the first command that needs one. */
export function createSite(world: World, { id, commands, pod, pvcs }: SiteRequest): Site {
  const { docker, clock, isNear } = world
  const prefix = `${world.prefix}-${id}`
  const labels = { ...world.labels, [SITE]: id }
  const volumes = createSiteVolumes(world, prefix, labels)
  const services = new Set<Promise<SiteService>>()
  const claim = (claims: SiteRequest['pvcs']) => Object.keys(claims ?? {}).forEach((name) => world.claims.add(name))
  let containerCount = 0
  let closing: Promise<void> | undefined
  claim(pvcs)

  const containers = createSiteContainers(commands, async (container) => {
    const name = `${prefix}-${(containerCount += 1)}`
    const [image, network, mounts] = await Promise.all([world.image(container), world.network(), volumes.mounts(container, pod)])
    return startIdle(docker, { name, labels, image, container, pod, mounts, network }, clock)
  })

  async function startService(service: ServiceRequest): Promise<SiteService> {
    service.signal.throwIfAborted()
    claim(service.pvcs)
    const name = `${prefix}-${service.id}`
    const own = createSiteVolumes(world, name, labels)
    try {
      const mounts = await own.mounts(service.container, service.pod)
      const { container, network } = await makeServiceContainer(world, service, { name, labels, mounts })
      const ground = { docker, clock, isNear, place: () => containers.any() }
      const running = await runService(container, service, network, ground)
      return { ...running, close: () => running.close().then(() => own.remove()) }
    } catch (error) {
      await own.remove()
      throw error
    }
  }

  async function close(): Promise<void> {
    const begun = await Promise.allSettled(services)
    const running = begun.flatMap((service) => (service.status === 'fulfilled' ? [service.value] : []))
    await Promise.all([containers.close(), ...running.map((service) => service.close())])
    await volumes.remove()
  }

  return {
    id,
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
