import { createHash } from 'node:crypto'
import type { Container } from '../../contracts/workflow/container.ts'
import type { PlannedCommand } from '../executor.ts'

/** Commands that run in one container. */
export interface CommandGroup {
  /** Name of the container. */
  name: string
  container: Container
  refs: readonly string[]
}

/** Shared commands of equal settings are one group, every other command is one by itself; in the order of their first commands. */
export function commandGroups(commands: readonly PlannedCommand[]): CommandGroup[] {
  const groups = new Map<string, { container: Container; refs: string[] }>()
  for (const { ref, container, isShared } of commands) {
    const key = isShared ? settingsKey(container) : `own ${ref}`
    const group = groups.get(key)
    if (group) group.refs.push(ref)
    else groups.set(key, { container, refs: [ref] })
  }
  return [...groups.values()].map((group, i) => ({ name: `c${i}`, ...group }))
}

/** Of all that the cluster fixes when the container begins; what `exec` gives anew each time does not count. */
function settingsKey({ image, imagePullPolicy, env, envFrom, resources, securityContext, volumeMounts }: Container): string {
  const fromElsewhere = env?.filter(({ valueFrom }) => valueFrom)
  return createHash('sha256')
    .update(JSON.stringify([image, imagePullPolicy, fromElsewhere, envFrom, resources, securityContext, volumeMounts]))
    .digest('hex')
}
