import type { Container, Pod } from '../../contracts/workflow/container.ts'
import { removeVolumes } from './removal.ts'
import { type Mount, mountsOf } from './volumes.ts'
import type { World } from './world.ts'

/** Volumes of a site, or of a service: its folders, and what its fields name. */
export interface SiteVolumes {
  /** Makes what a container needs that is not there yet. @throws EverwarmError FIELD_UNSUPPORTED */
  mounts(container: Container, pod: Pod | undefined): Promise<readonly Mount[]>
  remove(): Promise<void>
}

/** @param prefix of the names of its own volumes */
export function createSiteVolumes(world: World, prefix: string, labels: Readonly<Record<string, string>>): SiteVolumes {
  const { docker, claims } = world
  const own = new Map<string, Promise<unknown>>()
  const names = {
    ofSite: (name: string) => `${prefix}-${name}`,
    ofExecution: (claim: string) => `${world.prefix}-claim-${claim}`,
    claims,
  }
  const data: Mount = { target: '/data', isReadOnly: false, source: { type: 'volume', name: `${prefix}-data`, of: 'site' } }

  async function make({ source }: Mount): Promise<void> {
    if (source.type !== 'volume' || source.of === 'nobody') return
    if (source.of === 'execution') return void (await world.makeVolume(source.name))
    const made = own.get(source.name) ?? docker.createVolume({ Name: source.name, Labels: labels })
    own.set(source.name, made)
    await made
  }

  return {
    async mounts(container, pod) {
      const named = mountsOf(container, pod, names)
      const all = named.some(({ target }) => target === data.target) ? named : [data, ...named]
      await Promise.all(all.map(make))
      return all
    },
    remove: () => removeVolumes(docker, own),
  }
}
