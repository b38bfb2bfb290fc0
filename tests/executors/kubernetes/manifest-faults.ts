import * as client from '@kubernetes/client-node'
import { Job, CronJob } from 'kubernetes-models/batch/v1'
import { Lease } from 'kubernetes-models/coordination.k8s.io/v1'
import { Role, RoleBinding } from 'kubernetes-models/rbac.authorization.k8s.io/v1'
import { ConfigMap, PersistentVolumeClaim, Pod, Secret, ServiceAccount } from 'kubernetes-models/v1'
import type { KubeObject } from './kube-objects.ts'

const MODELS = { Job, CronJob, Lease, Role, RoleBinding, ConfigMap, PersistentVolumeClaim, Pod, Secret, ServiceAccount }

/** What is wrong with a manifest: types, what is missing, fields that there are not, names that no server takes. */
export function manifestFaults(manifest: KubeObject): string[] {
  const kind = manifest.kind as keyof typeof MODELS
  const Model = MODELS[kind] as unknown as new (data: unknown) => { validate(): void }
  if (!Model) return [`a ${kind} is not known`]
  const faults = [...unknownFields(manifest, `V1${kind}`, kind), ...nameFaults(manifest, kind)]
  try {
    new Model(manifest).validate()
  } catch (error) {
    faults.push((error as Error).message)
  }
  const pod = kind === 'Job' ? manifest.spec?.template?.spec : undefined
  if (pod && !['Never', 'OnFailure'].includes(pod.restartPolicy))
    faults.push(`a Job must not have restartPolicy ${pod.restartPolicy}`)
  return faults
}

function nameFaults({ metadata }: KubeObject, kind: string): string[] {
  const faults: string[] = []
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(metadata.name)) faults.push(`${kind} has the name ${metadata.name}`)
  for (const [name, value] of Object.entries(metadata.labels ?? {})) {
    if (!/^([a-z0-9.-]+\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/.test(name)) faults.push(`${name} is no label`)
    if (!/^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/.test(value)) faults.push(`${name} has the value ${value}`)
  }
  return faults
}

interface Mapped {
  getAttributeTypeMap?: () => { name: string; baseName: string; type: string }[]
}

/** kubernetes-models lets unknown fields pass, and so do servers; the client's own types know them all. */
function unknownFields(value: unknown, type: string, at: string): string[] {
  if (value === null || value === undefined) return []
  const list = /^Array<(.+)>$/.exec(type)
  if (list)
    return Array.isArray(value) ? value.flatMap((item, i) => unknownFields(item, list[1]!, `${at}[${i}]`)) : [`${at} is no list`]
  const map = /^\{ \[key: string\]: (.+); \}$/.exec(type)
  if (map) return Object.entries(value).flatMap(([key, item]) => unknownFields(item, map[1]!, `${at}.${key}`))
  const attributes = (client as unknown as Record<string, Mapped>)[type]?.getAttributeTypeMap?.()
  if (!attributes || typeof value !== 'object') return []
  return Object.entries(value).flatMap(([key, item]) => {
    const found = attributes.find(({ baseName }) => baseName === key)
    return found ? unknownFields(item, found.type, `${at}.${key}`) : [`${at}.${key} is no field`]
  })
}
