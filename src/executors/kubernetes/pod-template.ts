import type { Container, EnvVariable, Job, Pod } from '../../contracts/workflow/container.ts'
import type { V1Container, V1PodSpec, V1VolumeMount } from './cluster.ts'
import { markedSources } from './pod-environment.ts'
import { INTERNAL, OWN_VARIABLE } from './lifeline-script.ts'

export const DATA_VOLUME = 'everwarm-data'
export const INTERNAL_VOLUME = 'everwarm-internal'
const FS_GROUP = 1001

/** Group of volumes unless the document says otherwise. */
const defaultGroup = (pod: Pod | undefined) => (pod?.disableFsGroupDefaulting ? {} : { fsGroup: FS_GROUP })

/** All of a pod that is not its containers. */
export function podSettings(pod: Pod | undefined): Omit<V1PodSpec, 'containers'> {
  const { labels, annotations, volumes = [], securityContext, disableFsGroupDefaulting, ...rest } = pod ?? {}
  const context = { ...defaultGroup(pod), ...securityContext }
  return {
    ...rest,
    // Commands get the rights of an account only if the document names one.
    automountServiceAccountToken: rest.serviceAccountName !== undefined,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 3,
    ...(Object.keys(context).length > 0 ? { securityContext: context } : {}),
    volumes: [{ name: DATA_VOLUME, emptyDir: {} }, { name: INTERNAL_VOLUME, emptyDir: {} }, ...(volumes as [])],
  } as Omit<V1PodSpec, 'containers'>
}

/** Credentials are of the engine's own store: they come with its values. */
const isOfCluster = ({ valueFrom }: EnvVariable) => valueFrom !== undefined && !Object.hasOwn(valueFrom, 'credentialRef')

/**
 * Settings of a container. Of its variables only those are here whose values the cluster knows: the others come by `exec`, so that
 * no value that the engine has resolved stands in a manifest.
 */
export function containerSettings(name: string, container: Container): V1Container {
  const { image, imagePullPolicy, env = [], envFrom, resources, securityContext, volumeMounts = [] } = container
  const fromCluster = env.filter(isOfCluster).map(({ name: variable, valueFrom }) => ({ name: variable, valueFrom }))
  return {
    name,
    image,
    ...(imagePullPolicy ? { imagePullPolicy } : {}),
    ...(envFrom ? { envFrom } : {}),
    ...(resources ? { resources } : {}),
    ...(securityContext ? { securityContext } : {}),
    env: [{ name: 'CI', value: '1' }, { name: 'WORKFLOW_DATA', value: '/data' }, ...fromCluster],
    volumeMounts: [{ name: DATA_VOLUME, mountPath: '/data' }, ...(volumeMounts as unknown as V1VolumeMount[])],
  } as V1Container
}

/** Makes it one of ours: it idles, and its processes are known as ours. */
export function idle(container: V1Container, command: string[]): V1Container {
  return {
    ...container,
    ...(container.envFrom ? { envFrom: markedSources(container.envFrom) } : {}),
    command,
    env: [...(container.env ?? []), { name: OWN_VARIABLE, value: '1' }],
    volumeMounts: [...(container.volumeMounts ?? []), { name: INTERNAL_VOLUME, mountPath: INTERNAL }],
  }
}

/** What the document adds to metadata; our marks win. */
export const metadataOf = (
  name: string,
  marks: Record<string, string>,
  more: Pick<Job, 'labels' | 'annotations'> | undefined,
) => ({
  name,
  labels: { ...more?.labels, ...marks },
  ...(more?.annotations ? { annotations: more.annotations } : {}),
})
