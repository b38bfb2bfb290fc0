import { PassThrough } from 'node:stream'
import type { Docker, DockerContainer } from '../../../src/executors/container/engine.ts'
import type { KubeObject } from './kube-objects.ts'

/** What a kubelet looks up for a container. */
export type LookUp = (kind: 'secrets' | 'configmaps', namespace: string, name: string) => Promise<KubeObject | undefined>

interface ObjectRef {
  name: string
  optional?: boolean
}

interface EnvVariable {
  name: string
  value?: string
  valueFrom?: {
    secretKeyRef?: ObjectRef & { key: string }
    configMapKeyRef?: ObjectRef & { key: string }
    fieldRef?: { fieldPath: string }
  }
}

export interface ContainerSpec {
  name: string
  image: string
  command?: string[]
  args?: string[]
  workingDir?: string
  env?: EnvVariable[]
  envFrom?: { prefix?: string; secretRef?: ObjectRef; configMapRef?: ObjectRef }[]
  volumeMounts?: { name: string; mountPath: string }[]
  securityContext?: { runAsUser?: number }
  resources?: { limits?: { memory?: string } }
  // oxlint-disable-next-line typescript/no-explicit-any
  readinessProbe?: any
}

/** Of a folder of the pod, or of its claim; here a claim lives as long as the pod that uses it. */
export const volumeName = (pod: KubeObject, volume: string) => `ewk-${pod.metadata.uid}-${volume}`
/** On all that a kubelet makes; its value is the name of the kubelet's network, with its process in it. */
const LABEL = 'everwarm-test.kubelet'
const labelsOf = (pod: KubeObject, network: string) => ({ ...pod.metadata.labels, [LABEL]: network })

export const newNetwork = async (docker: Docker): Promise<string> => {
  const name = `ewk-${process.pid}-${Date.now()}`
  await docker.createNetwork({ Name: name, Labels: { [LABEL]: name } })
  return name
}

/** Names of those that are made for a pod, and go with it. */
export const volumesOf = (pod: KubeObject): string[] =>
  (pod.spec.volumes ?? [])
    .filter((volume: { emptyDir?: object; persistentVolumeClaim?: object }) => volume.emptyDir ?? volume.persistentVolumeClaim)
    .map(({ name }: { name: string }) => name)

/** Holds the network of a pod, and its volumes open to all. */
export async function startSandbox(docker: Docker, network: string, image: string, pod: KubeObject): Promise<DockerContainer> {
  const volumes = volumesOf(pod)
  for (const name of volumes) await docker.createVolume({ Name: volumeName(pod, name), Labels: { [LABEL]: network } })
  const binds = volumes.map((name) => `${volumeName(pod, name)}:/volumes/${name}`)
  const sandbox = await docker.createContainer({
    Image: image,
    Entrypoint: ['sh', '-c', 'chmod 0777 /volumes/*; trap exit TERM; while :; do sleep 3600 & wait; done'],
    Labels: labelsOf(pod, network),
    HostConfig: { NetworkMode: network, Binds: binds, Init: true },
  })
  await sandbox.start()
  return sandbox
}

/** @throws Error what the engine says: no image, no program */
export async function startContainer(
  docker: Docker,
  pod: KubeObject,
  spec: ContainerSpec,
  sandbox: DockerContainer,
  ip: string,
  lookUp: LookUp,
  network: string,
): Promise<DockerContainer> {
  const env = await environmentOf(pod, spec, ip, lookUp)
  const expand = (text: string) => text.replaceAll(/\$\(([A-Za-z_][\w.-]*)\)/g, (whole, name: string) => env.get(name) ?? whole)
  const created = await docker.createContainer({
    Image: spec.image,
    ...(spec.command ? { Entrypoint: spec.command.map(expand), Cmd: (spec.args ?? []).map(expand) } : {}),
    ...(!spec.command && spec.args ? { Cmd: spec.args.map(expand) } : {}),
    ...(spec.workingDir ? { WorkingDir: spec.workingDir } : {}),
    ...(spec.securityContext?.runAsUser === undefined ? {} : { User: String(spec.securityContext.runAsUser) }),
    Env: [...env].map(([name, value]) => `${name}=${value}`),
    Labels: labelsOf(pod, network),
    HostConfig: {
      NetworkMode: `container:${sandbox.id}`,
      Binds: (spec.volumeMounts ?? []).map(({ name, mountPath }) => `${volumeName(pod, name)}:${mountPath}`),
      ...(memoryBytes(spec) ? { Memory: memoryBytes(spec), MemorySwap: memoryBytes(spec) } : {}),
      GroupAdd: pod.spec.securityContext?.fsGroup === undefined ? [] : [String(pod.spec.securityContext.fsGroup)],
    },
  })
  try {
    await created.start()
    return created
  } catch (error) {
    await created.remove({ force: true })
    throw error
  }
}

const memoryBytes = ({ resources }: ContainerSpec) => {
  const mebibytes = /^(\d+)Mi$/.exec(resources?.limits?.memory ?? '')
  return mebibytes ? Number(mebibytes[1]) * 1_048_576 : undefined
}

async function environmentOf(pod: KubeObject, spec: ContainerSpec, ip: string, lookUp: LookUp): Promise<Map<string, string>> {
  const namespace = pod.metadata.namespace!
  const env = new Map<string, string>()
  const valuesOf = async (kind: 'secrets' | 'configmaps', { name, optional }: ObjectRef) => {
    const found = await lookUp(kind, namespace, name)
    if (!found && optional) return new Map<string, string>()
    if (!found) throw new Error(`CreateContainerConfigError: ${kind} "${name}" not found`)
    const decode = (value: string) => (kind === 'secrets' ? Buffer.from(value, 'base64').toString('utf8') : value)
    return new Map(Object.entries(found.data ?? {}).map(([key, value]) => [key, decode(value)]))
  }
  for (const { prefix = '', secretRef, configMapRef } of spec.envFrom ?? []) {
    const values = await (secretRef ? valuesOf('secrets', secretRef) : valuesOf('configmaps', configMapRef!))
    for (const [key, value] of values) env.set(`${prefix}${key}`, value)
  }
  const setByKey = async (kind: 'secrets' | 'configmaps', ref: ObjectRef & { key: string }, name: string) => {
    const value = (await valuesOf(kind, ref)).get(ref.key)
    if (value !== undefined) env.set(name, value)
    else if (!ref.optional) throw new Error(`CreateContainerConfigError: couldn't find key ${ref.key} in ${kind} "${ref.name}"`)
  }
  const fields: Record<string, string> = {
    'metadata.name': pod.metadata.name,
    'metadata.namespace': namespace,
    'status.podIP': ip,
  }
  for (const { name, value, valueFrom } of spec.env ?? []) {
    const { secretKeyRef, configMapKeyRef, fieldRef } = valueFrom ?? {}
    if (secretKeyRef) await setByKey('secrets', secretKeyRef, name)
    else if (configMapKeyRef) await setByKey('configmaps', configMapKeyRef, name)
    else env.set(name, fieldRef ? (fields[fieldRef.fieldPath] ?? '') : (value ?? ''))
  }
  return env
}

/** Runs a program in a container. @returns its exit code */
export async function runIn(docker: Docker, container: DockerContainer, command: string[]): Promise<number> {
  const exec = await container.exec({ Cmd: command, AttachStdout: true, AttachStderr: true })
  const stream = await exec.start({ hijack: true })
  const nothing = new PassThrough().resume()
  docker.modem.demuxStream(stream, nothing, nothing)
  await new Promise((resolve) => stream.once('close', resolve).once('end', resolve))
  return (await exec.inspect()).ExitCode ?? 1
}

/** Removes all that kubelets have made whose networks `isMeant` names. */
export async function removeAll(docker: Docker, isMeant: (network: string) => boolean): Promise<void> {
  const meant = <T extends { Labels?: Record<string, string> }>(items: readonly T[]) =>
    items.filter(({ Labels: labels }) => isMeant(labels?.[LABEL] ?? ''))
  const filters = { label: [LABEL] }
  const ignore = () => {
    // Somebody else was faster.
  }
  const containers = meant(await docker.listContainers({ all: true, filters }))
  await Promise.all(containers.map(({ Id: id }) => docker.getContainer(id).remove({ force: true, v: true }).catch(ignore)))
  const { Volumes: volumes } = await docker.listVolumes({ filters })
  await Promise.all(meant(volumes ?? []).map(({ Name: name }) => docker.getVolume(name).remove().catch(ignore)))
  for (const { Id: id } of meant(await docker.listNetworks({ filters }))) await docker.getNetwork(id).remove().catch(ignore)
}

/** Of kubelets whose process was killed. */
export function isAbandoned(network: string): boolean {
  const pid = Number(/^ewk-(\d+)-/.exec(network)?.[1])
  if (!pid) return false
  try {
    process.kill(pid, 0)
    return false
  } catch {
    // No such process.
    return true
  }
}
