import { posix } from 'node:path'
import type { V1Container, V1Pod, V1Secret } from './cluster.ts'
import type { ServiceRequest } from '../executor.ts'
import { ownedBy, type Owner } from './job-manifest.ts'
import { idleCommand } from './lifeline-script.ts'
import { hasSecrets } from './pod-environment.ts'
import { containerSettings, idle, metadataOf, podSettings } from './pod-template.ts'

export const SERVICE_CONTAINER = 'main'
export const PREPARE_CONTAINER = 'prepare'
/** Prefix of variables by which arguments reach a service. */
const ARGUMENT = 'EVERWARM_ARGUMENT_'

export interface ServiceManifest {
  /** Of the pod and of its secret. */
  name: string
  marks: Record<string, string>
  owner: Owner
  request: Pick<ServiceRequest, 'container' | 'argv' | 'env' | 'cwd' | 'pod' | 'ports' | 'restartPolicy' | 'probe' | 'prepare'>
  silenceMs: number
}

/**
 * One instance: a pod that the Job of its site owns. Values and arguments that the engine has resolved may hold secrets: they are
 * in a Secret of the same name, and the pod refers to them.
 */
export function servicePod({ name, marks, owner, request, silenceMs }: ServiceManifest): V1Pod {
  const { container, pod, restartPolicy, prepare } = request
  const plain = containerSettings(PREPARE_CONTAINER, container)
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadataOf(name, marks, pod), ownerReferences: ownedBy(owner) },
    spec: {
      ...podSettings(pod),
      restartPolicy,
      ...(prepare || hasSecrets(container) ? { initContainers: [idle(plain, idleCommand(silenceMs, 1))] } : {}),
      containers: [mainContainer(name, request)],
    },
  }
}

function mainContainer(secret: string, { container, argv, env, cwd, ports, probe }: ServiceManifest['request']): V1Container {
  const settings = containerSettings(SERVICE_CONTAINER, container)
  const fromSecret = (variable: string, key: string) => ({ name: variable, valueFrom: { secretKeyRef: { name: secret, key } } })
  const given = [
    ...Object.keys(env).map((variable, i) => fromSecret(variable, `v${i}`)),
    ...ports.map((port) => ({ name: `PORT_${port}`, value: String(port) })),
    ...(ports.length > 0 ? [{ name: 'PORT', value: String(ports[0]) }] : []),
    ...(argv ?? []).map((_, i) => fromSecret(`${ARGUMENT}${i}`, `a${i}`)),
  ]
  const names = new Set(given.map((variable) => variable.name))
  return {
    ...settings,
    env: [...(settings.env ?? []).filter((variable) => !names.has(variable.name)), ...given],
    workingDir: posix.resolve('/data/repo', cwd ?? container.workingDir ?? '.'),
    ...(argv ? { command: argv.map((_, i) => `$(${ARGUMENT}${i})`) } : {}),
    ...(ports.length > 0 ? { ports: ports.map((containerPort) => ({ containerPort })) } : {}),
    ...(probe ? { readinessProbe: probe as V1Container['readinessProbe'] } : {}),
  }
}

/** Values of `servicePod`; none if there are none. */
export function serviceSecret({ name, marks, owner, request: { argv = [], env } }: ServiceManifest): V1Secret | undefined {
  const values = [
    ...Object.values(env).map((value, i) => [`v${i}`, value] as const),
    ...argv.map((value, i) => [`a${i}`, value] as const),
  ]
  if (values.length === 0) return undefined
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: { name, labels: marks, ownerReferences: ownedBy(owner) },
    // Bytes, not text: a value may end with a new line or hold what is no UTF-8 for a server.
    data: Object.fromEntries(values.map(([key, value]) => [key, Buffer.from(value).toString('base64')])),
  }
}
