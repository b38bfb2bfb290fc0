import { EverwarmError } from '../../contracts/errors.ts'
import type { ExecutionRoom, Site } from '../executor.ts'
import { type Docker, engineMessage } from './engine.ts'
import { EXECUTION } from './marks.ts'
import { removeLabelled, removeNetwork, removeVolumes } from './removal.ts'
import { createSite } from './site.ts'
import type { World } from './world.ts'

/** @param about what is the same for all executions */
export function createRoom(
  id: string,
  owner: Readonly<Record<string, string>>,
  about: Pick<World, 'docker' | 'clock' | 'image' | 'isNear'>,
): ExecutionRoom {
  const { docker } = about
  const prefix = `everwarm-${id}`
  const labels = { ...owner, [EXECUTION]: id }
  const sites = new Set<Site>()
  const volumes = new Map<string, Promise<unknown>>()
  let network: Promise<string> | undefined
  let closing: Promise<void> | undefined
  const world: World = {
    ...about,
    prefix,
    labels,
    claims: new Set(),
    makeVolume(name) {
      const made = volumes.get(name) ?? docker.createVolume({ Name: name, Labels: labels })
      volumes.set(name, made)
      return made
    },
    network: () => (network ??= makeNetwork(docker, prefix, labels)),
  }

  async function close(): Promise<void> {
    const closed = await Promise.allSettled([...sites].map((site) => site.close()))
    await removeVolumes(docker, volumes)
    // A network that could not be made is nothing to remove.
    const name = await network?.catch(() => undefined)
    if (name !== undefined) await removeNetwork(docker, name)
    if (closed.some(({ status }) => status === 'rejected')) await removeLabelled(docker, `${EXECUTION}=${id}`)
  }

  return {
    async openSite(request) {
      request.signal.throwIfAborted()
      if (closing) throw new EverwarmError('SITE_FAILED', { message: 'The execution is closed.', hint: 'Begin another one.' })
      await world.network()
      request.signal.throwIfAborted()
      const site = createSite(world, request)
      sites.add(site)
      return site
    },
    close: () => (closing ??= close()),
  }
}

async function makeNetwork(docker: Docker, name: string, labels: Readonly<Record<string, string>>): Promise<string> {
  try {
    await docker.createNetwork({ Name: name, Labels: { ...labels }, CheckDuplicate: true })
    return name
  } catch (cause) {
    throw new EverwarmError('SITE_FAILED', {
      message: `There is no network for the execution: ${engineMessage(cause)}`,
      hint: 'Engines have addresses for about 30 networks: see `default-address-pools` of its configuration, and `docker network prune`.',
      cause,
    })
  }
}
