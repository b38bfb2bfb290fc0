import type { Container } from '../../contracts/workflow/container.ts'
import { EverwarmError } from '../../contracts/errors.ts'
import { type Clock, systemClock } from '../../system/clock.ts'
import { asBadInput } from '../bad-input.ts'
import type { ExecutionRoom, Executor } from '../executor.ts'
import { connectEngine, type Docker, type EngineOptions } from './engine.ts'
import { engineAddress } from './engine-address.ts'
import { createImages, type Images } from './images.ts'
import { OWNER, ownerText } from './marks.ts'
import { CONTAINER_NOTES } from './notes.ts'
import { removeOfDead } from './removal.ts'
import { createRoom } from './room.ts'
import { type ContainerReaper, startReaper } from './reaper.ts'

export interface ContainerExecutorOptions extends EngineOptions {
  /** For what says none itself; absent: that is an error. */
  defaultImage?: string
  clock?: Clock
}

/** Runs workflows in containers of Docker or podman. Connects when it is first asked for something. */
export function createContainerExecutor(options: ContainerExecutorOptions): Executor {
  const { clock = systemClock, env, host, defaultImage } = options
  const owner = { [OWNER]: ownerText() }
  let connected: Promise<{ docker: Docker; images: Images; isNear: () => Promise<boolean> }> | undefined
  let reaper: ContainerReaper | undefined
  const rooms = new Set<ExecutionRoom>()

  function connection() {
    connected ??= connectEngine(options).then((docker) => {
      let near: Promise<boolean> | undefined
      return { docker, images: createImages(docker, env), isNear: () => (near ??= reachesContainers(docker, options)) }
    })
    connected.catch(() => (connected = undefined))
    return connected
  }

  return {
    name: 'container',
    ignores: CONTAINER_NOTES,
    needsImages: !defaultImage,
    check: () => void asBadInput(() => engineAddress(host, env)),
    async open({ id }) {
      const { docker, images, isNear } = await connection()
      reaper ??= startReaper(engineAddress(host, env).shown, owner[OWNER]!, env)
      const image = async (container: Container) =>
        images.get(container.image || defaultImage || noImage(), container.imagePullPolicy)
      const room = createRoom(id, owner, { docker, clock, image, isNear })
      rooms.add(room)
      return room
    },
    sweep: async () => removeOfDead((await connection()).docker),
    async close() {
      await Promise.all([...rooms].map((room) => room.close()))
      rooms.clear()
      reaper?.close()
      reaper = undefined
      connected = undefined
    },
  }
}

function noImage(): never {
  throw new EverwarmError('FIELD_UNSUPPORTED', {
    message: 'A step or a service has no `image`, without which it cannot run in a container.',
    hint: 'Give the workflow a `container` with an `image`, each service one of its own, or all of them one with --image.',
  })
}

/** Engines in virtual machines, of other users or on other machines have networks that are not this machine's. */
async function reachesContainers(docker: Docker, { host, env }: EngineOptions): Promise<boolean> {
  if (process.platform !== 'linux' || engineAddress(host, env).socketPath === undefined) return false
  const { SecurityOptions: security, OperatingSystem: system } = (await docker.info()) as {
    SecurityOptions?: string[]
    OperatingSystem?: string
  }
  return !/Docker Desktop/.test(system ?? '') && !(security ?? []).some((option) => option.includes('rootless'))
}
