import type { FieldNote } from '../field-notes.ts'

const warning = (field: string, why: string): FieldNote => ({ field, why, severity: 'warning' })

/** Fields that mean nothing to a container engine. */
export const CONTAINER_NOTES: readonly FieldNote[] = [
  warning('job.labels', 'There is no job; `pod.labels` are put on containers.'),
  warning('job.annotations', 'There is no job.'),
  warning('job.namespace', 'There are no namespaces.'),
  warning('job.activeDeadlineSeconds', 'Nothing ends it by itself; `timeout` of a step does.'),
  warning('pod.annotations', 'Containers have labels only.'),
  warning('pod.serviceAccountName', 'There are no accounts.'),
  warning('pod.imagePullSecrets', 'The log-ins of `docker login` are used.'),
  warning('pod.nodeSelector', 'All containers run on one machine.'),
  warning('pod.affinity', 'All containers run on one machine.'),
  warning('pod.tolerations', 'All containers run on one machine.'),
  warning('pod.topologySpreadConstraints', 'All containers run on one machine.'),
  warning('pod.priorityClassName', 'There are no classes of priority.'),
  warning('pod.dnsPolicy', 'Names are resolved as the engine does it; `pod.dnsConfig` is used.'),
  warning('pod.activeDeadlineSeconds', 'Nothing ends it by itself; `timeout` of a step does.'),
  warning('pod.disableFsGroupDefaulting', 'Everybody in the container may write in volumes of the site.'),
  ...['container', 'pod'].flatMap((place) => [
    warning(`${place}.securityContext.runAsNonRoot`, 'Nobody looks after it; `runAsUser` says who it is.'),
    warning(`${place}.securityContext.seLinuxOptions`, 'The labels are the engine’s.'),
  ]),
  warning('pod.securityContext.fsGroup', 'Everybody in the container may write in volumes of the site.'),
  warning('container.securityContext.procMount', 'It is the engine’s.'),
  warning('pvcs', 'A claim is a volume of the engine, without a size.'),
]
