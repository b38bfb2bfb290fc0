import type { Job, Pod } from '../../contracts/workflow/container.ts'
import type { V1Job, V1PersistentVolumeClaim } from './cluster.ts'
import type { CommandGroup } from './command-groups.ts'
import { idleCommand } from './lifeline-script.ts'
import { containerSettings, idle, metadataOf, podSettings } from './pod-template.ts'

export interface SiteManifest {
  name: string
  marks: Record<string, string>
  groups: readonly CommandGroup[]
  job?: Job
  pod?: Pod
  /** After which the pod ends by itself, ms. */
  silenceMs: number
}

/** Between the end of a pod that nobody has missed and the end of its Job. */
const FINISHED_TTL_SECONDS = 5

/** A site: one plain Job, known to every API from 1.20 on; its pod holds one idle container for each group of commands. */
export function jobManifest({ name, marks, groups, job, pod, silenceMs }: SiteManifest): V1Job {
  const containers = groups.map((group) => idle(containerSettings(group.name, group.container), idleCommand(silenceMs)))
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: metadataOf(name, marks, job),
    spec: {
      backoffLimit: 0,
      completions: 1,
      parallelism: 1,
      ttlSecondsAfterFinished: FINISHED_TTL_SECONDS,
      ...(job?.activeDeadlineSeconds ? { activeDeadlineSeconds: job.activeDeadlineSeconds } : {}),
      template: {
        metadata: { labels: { ...pod?.labels, ...marks }, ...(pod?.annotations ? { annotations: pod.annotations } : {}) },
        spec: { ...podSettings(pod), restartPolicy: 'Never', containers },
      },
    },
  }
}

export interface Owner {
  name: string
  uid: string
}

/** What goes away with the Job of its site. */
export const ownedBy = ({ name, uid }: Owner) => [{ apiVersion: 'batch/v1', kind: 'Job', name, uid }]

export function claimManifest(
  name: string,
  marks: Record<string, string>,
  owner: Owner,
  spec: Readonly<Record<string, unknown>>,
): V1PersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, labels: marks, ownerReferences: ownedBy(owner) },
    spec,
  }
}
