import { EverwarmError } from '../../contracts/errors.ts'
import type { ProcessEnd, ServiceHealth } from '../executor.ts'
import type { V1Pod } from './cluster.ts'
import { isGone } from './pod-watch.ts'

type Status = NonNullable<NonNullable<V1Pod['status']>['containerStatuses']>[number]

const IMAGE_FAULTS = new Set(['ErrImagePull', 'ImagePullBackOff', 'ErrImageNeverPull', 'InvalidImageName', 'RegistryUnavailable'])
const START_FAULTS = new Set(['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError'])
/** Containers that never ran end with one of these. */
const NEVER_RAN = new Set(['ContainerCannotRun', 'StartError'])

const statusesOf = ({ status }: V1Pod): Status[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
]

export const containerStatus = (pod: V1Pod | undefined, name: string): Status | undefined =>
  pod && statusesOf(pod).find((status) => status.name === name)

/** Why it will not start by itself; undefined: it may yet. */
export function startFault(pod: V1Pod): EverwarmError | undefined {
  const name = pod.metadata?.name
  for (const { name: container, image, state } of statusesOf(pod)) {
    const { reason = '', message } = state?.waiting ?? state?.terminated ?? {}
    const of = `The container ${container} of ${name}`
    if (IMAGE_FAULTS.has(reason))
      return new EverwarmError('IMAGE_UNAVAILABLE', {
        message: `${of} has no image ${image}: ${message ?? reason}.`,
        hint: 'Look at `image`, `imagePullPolicy` and `imagePullSecrets`.',
      })
    if (START_FAULTS.has(reason) || NEVER_RAN.has(reason))
      return new EverwarmError('SITE_FAILED', {
        message: `${of} does not start: ${message ?? reason}.`,
        hint: 'The image needs `sh`; the secrets and maps that it names must be there.',
      })
  }
  if (isGone(pod) || isFinished(pod))
    return new EverwarmError('SITE_FAILED', {
      message: `The pod ${name} ended before it was ready: ${pod.status?.reason ?? pod.status?.message ?? 'removed'}.`,
      hint: `See \`kubectl describe pod ${name}\` and the events of its namespace.`,
    })
  return undefined
}

export const isFinished = ({ status }: V1Pod) => status?.phase === 'Succeeded' || status?.phase === 'Failed'

/** All its containers run. */
export const isUp = ({ spec, status }: V1Pod) =>
  status?.containerStatuses?.length === spec?.containers.length && status!.containerStatuses!.every(({ state }) => state?.running)

export const isReady = ({ status }: V1Pod) =>
  status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false

/** Why nothing can run in a container any more; undefined: it runs. */
export function lossOf(pod: V1Pod | undefined, container: string): string | undefined {
  if (!pod) return undefined
  const terminated = containerStatus(pod, container)?.state?.terminated
  if (terminated) return terminated.reason === 'OOMKilled' ? 'OOMKilled' : 'lost'
  return isGone(pod) || isFinished(pod) ? (pod.status?.reason ?? 'lost') : undefined
}

/** How a service ended for good; undefined: it runs, or will again. */
export function serviceEnd(pod: V1Pod, container: string): ProcessEnd | undefined {
  const terminated = containerStatus(pod, container)?.state?.terminated
  const isLast = pod.spec?.restartPolicy === 'Never' || isFinished(pod)
  if (terminated && isLast) {
    const reason = terminated.reason === 'OOMKilled' ? { reason: 'OOMKilled' } : {}
    return { exitCode: terminated.exitCode, ...reason }
  }
  return isGone(pod) || isFinished(pod) ? { reason: pod.status?.reason ?? 'lost' } : undefined
}

function faultText({ exitCode, signal, reason = 'Error' }: { exitCode: number; signal?: number; reason?: string }): string {
  if (reason !== 'Error' && reason !== 'Completed') return `${reason} (exit code ${exitCode})`
  return signal ? `ended by signal ${signal}` : `ended with exit code ${exitCode}`
}

/** Every end but that of what is done, now or before a restart. */
export function healthOf(pod: V1Pod, container: string): ServiceHealth {
  const status = containerStatus(pod, container)
  const faults = [status?.lastState?.terminated, status?.state?.terminated]
    .filter((end) => end && !(end.exitCode === 0 && (end.reason ?? 'Completed') === 'Completed'))
    .map((end) => faultText(end!))
  if (status?.state?.waiting?.reason === 'CrashLoopBackOff') faults.push('CrashLoopBackOff')
  if (faults.length === 0 && pod.status?.phase === 'Failed') faults.push(pod.status.reason ?? 'Failed')
  return { faults: [...new Set(faults)], restarts: status?.restartCount ?? 0 }
}
