import type { Pod } from '../../contracts/workflow/container.ts'
import type { PlannedCommand } from '../../executors/executor.ts'
import { nodesOf, type WorkflowPlan } from '../plan.ts'

/** Folders of archives and transfers that say `mount`: what lies below `/data` is a volume already. */
export function mountedFolders(
  plans: readonly WorkflowPlan[],
  transfers: readonly { from: string; to?: string; mount?: boolean }[],
): string[] {
  const tarballs = plans.flatMap(({ root }) =>
    [...nodesOf(root)].flatMap((node) =>
      node.kind === 'operation' && node.operation.type === 'tarballs' ? node.operation.tarballs : [],
    ),
  )
  const folders = [
    ...tarballs.flatMap(({ path, mount }) => (mount ? [path] : [])),
    ...transfers.flatMap(({ from, to = from, mount }) => (mount ? [to] : [])),
  ]
  return [...new Set(folders)].filter((path) => path.startsWith('/') && !/^\/data(?:\/|$)/.test(path))
}

/** The same with an empty volume at each of these folders, in all containers. */
export function withMounts(
  folders: readonly string[],
  settings: { commands: readonly PlannedCommand[]; pod?: Pod },
): { commands: PlannedCommand[]; pod?: Pod } {
  const { commands, pod } = settings
  if (folders.length === 0) return { commands: [...commands], ...(pod ? { pod } : {}) }
  const named = folders.map((mountPath, i) => ({ name: `mounted-${i}`, mountPath }))
  return {
    pod: { ...pod, volumes: [...(pod?.volumes ?? []), ...named.map(({ name }) => ({ name, emptyDir: {} }))] },
    commands: commands.map((command) => ({
      ...command,
      container: { ...command.container, volumeMounts: [...(command.container.volumeMounts ?? []), ...named] },
    })),
  }
}
