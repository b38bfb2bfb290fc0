import type { Container } from '../../contracts/workflow/container.ts'
import { EverwarmError } from '../../contracts/errors.ts'
import type { PlannedCommand } from '../executor.ts'
import { type Commands, createCommands } from './commands.ts'
import type { IdleContainer } from './idle-container.ts'

export interface SiteContainer {
  idle: IdleContainer
  commands: Commands
}

/** Containers of a site, made when a command first needs one. */
export interface SiteContainers {
  /** That of a command: those of the same settings share one if they may. */
  of(command: PlannedCommand): Promise<SiteContainer>
  /** One that is there; if there is none, that of the first command. */
  any(): Promise<SiteContainer>
  close(): Promise<void>
}

export function createSiteContainers(
  planned: readonly PlannedCommand[],
  make: (container: Container) => Promise<IdleContainer>,
): SiteContainers {
  const made = new Map<string, Promise<SiteContainer>>()
  let isClosed = false

  function of(command: PlannedCommand): Promise<SiteContainer> {
    if (isClosed) return Promise.reject(closed())
    const key = groupOf(command)
    const known = made.get(key)
    if (known) return known
    const begun = make(command.container).then((idle) => {
      // Whoever ends it: the next command gets another one.
      void idle.shell.gone.then(() => made.get(key) === begun && made.delete(key))
      return { idle, commands: createCommands(idle) }
    })
    made.set(key, begun)
    begun.catch(() => made.delete(key))
    return begun
  }

  return {
    of,
    async any() {
      const [first] = made.values()
      if (first) return first
      // What still has names in it is not known enough to be made.
      const command = planned.find(({ container }) => !JSON.stringify(container).includes('{{')) ?? planned[0]
      return of(command ?? { ref: '', container: {}, isShared: true })
    },
    async close() {
      isClosed = true
      const all = await Promise.allSettled(made.values())
      await Promise.all(all.map((one) => (one.status === 'fulfilled' ? one.value.idle.remove() : undefined)))
    },
  }
}

/** The variables of a command are given to it alone; so is its folder. */
function groupOf({ ref, container, isShared }: PlannedCommand): string {
  const { image, imagePullPolicy: policy, resources, securityContext, volumeMounts } = container
  const settings = JSON.stringify([image, policy, resources, securityContext, volumeMounts])
  return isShared ? settings : `${ref} ${settings}`
}

const closed = () =>
  new EverwarmError('SITE_LOST', { message: 'The site is closed.', hint: 'This is a mistake in everwarm; please report it.' })
