import { type Docker, type DockerContainer, statusOf, unlessGone } from './engine.ts'
import { isDead, OWNER } from './marks.ts'

/** Kills and removes a container, and waits until it is gone. */
export async function removeContainer(container: DockerContainer): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return void (await container.remove({ force: true, v: true }))
    } catch (error) {
      const status = statusOf(error)
      if (status === 404) return
      // Already on its way out; or, with podman, it cannot be killed because it is just ending by itself.
      if (tries === 5 || (status !== 409 && status !== 500)) throw error
      await unlessGone(() => container.wait({ condition: status === 409 ? 'removed' : 'not-running' }))
    }
  }
}

/**
 * Removes what has this label: containers first, since they hold the rest.
 * @returns how many things
 */
export async function removeLabelled(docker: Docker, label: string): Promise<number> {
  const filters = { label: [label] }
  const containers = await docker.listContainers({ all: true, filters })
  await Promise.all(containers.map(({ Id }) => removeContainer(docker.getContainer(Id))))
  const { Volumes: volumes } = await docker.listVolumes({ filters })
  const networks = await docker.listNetworks({ filters })
  await Promise.all([
    ...(volumes ?? []).map(({ Name }) => unlessGone(() => docker.getVolume(Name).remove({ force: true }))),
    ...networks.map(({ Id }) => removeNetwork(docker, Id)),
  ])
  return containers.length + (volumes ?? []).length + networks.length
}

/** What still hangs on it is taken off first: an engine may be slow to do so itself. */
export async function removeNetwork(docker: Docker, id: string): Promise<void> {
  const network = docker.getNetwork(id)
  try {
    await network.remove()
  } catch (error) {
    if (statusOf(error) === 404) return
    const { Containers: attached } = (await network.inspect()) as { Containers?: Record<string, unknown> }
    for (const container of Object.keys(attached ?? {}))
      await unlessGone(() => network.disconnect({ Container: container, Force: true }))
    await unlessGone(() => network.remove())
  }
}

/** Removes what owners have left who are surely dead. @returns how many things */
export async function removeOfDead(docker: Docker): Promise<number> {
  const filters = { label: [OWNER] }
  const [containers, { Volumes: volumes }, networks] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listVolumes({ filters }),
    docker.listNetworks({ filters }),
  ])
  const marked = [...containers, ...(volumes ?? []), ...networks]
  const owners = new Set(marked.map(({ Labels: labels }) => (labels as Record<string, string> | undefined)?.[OWNER] ?? ''))
  let removed = 0
  for (const owner of owners) if (isDead(owner)) removed += await removeLabelled(docker, `${OWNER}=${owner}`)
  return removed
}

/** @param volumes by name, with what made them: what could not be made is not there */
export async function removeVolumes(docker: Docker, volumes: ReadonlyMap<string, Promise<unknown>>): Promise<void> {
  await Promise.all(
    [...volumes].map(async ([name, made]) => {
      const [{ status }] = await Promise.allSettled([made])
      if (status === 'fulfilled') await unlessGone(() => docker.getVolume(name).remove({ force: true }))
    }),
  )
}
