import { describe, expect, test } from 'vitest'
import { commandGroups } from '../../../src/executors/kubernetes/command-groups.ts'
import { claimManifest, jobManifest } from '../../../src/executors/kubernetes/job-manifest.ts'
import { leaseManifest } from '../../../src/executors/kubernetes/owner-lease.ts'
import { servicePod, serviceSecret } from '../../../src/executors/kubernetes/service-pod.ts'
import type { Pod } from '../../../src/contracts/workflow/container.ts'
import { manifestFaults } from './manifest-faults.ts'
import { deployed } from './role-rules.ts'
import type { KubeObject } from './kube-objects.ts'

const marks = { 'everwarm.execution': 'e1', 'everwarm.owner': 'engine-1' }
const owner = { name: 'ew-e1-s1', uid: '5b1c' }
const SECRET = 'hunter2-of-the-tests'
const container = {
  image: 'node:24',
  imagePullPolicy: 'IfNotPresent' as const,
  workingDir: '/data/repo',
  env: [
    { name: 'PLAIN', value: SECRET },
    { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'tokens', key: 'main' } } },
  ],
  envFrom: [{ configMapRef: { name: 'settings' } }],
  resources: { limits: { memory: '1Gi' }, requests: { cpu: '500m' } },
  securityContext: { runAsUser: 1_000 },
  volumeMounts: [{ name: 'cache', mountPath: '/cache' }],
}
const pod: Pod = {
  labels: { team: 'shop' },
  annotations: { note: 'x' },
  serviceAccountName: 'runner',
  imagePullSecrets: [{ name: 'registry' }],
  nodeSelector: { disk: 'ssd' },
  affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
  tolerations: [{ key: 'ci', operator: 'Exists' }],
  volumes: [{ name: 'cache', emptyDir: {} }],
  hostAliases: [{ ip: '127.0.0.1', hostnames: ['a.test'] }],
  dnsPolicy: 'ClusterFirst',
  dnsConfig: { options: [{ name: 'ndots', value: '1' }] },
  securityContext: { runAsNonRoot: true },
  priorityClassName: 'low',
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway', labelSelector: { matchLabels: { team: 'shop' } } },
  ],
  activeDeadlineSeconds: 600,
}
const groups = commandGroups([
  { ref: 'r1', container, isShared: true },
  { ref: 'r2', container: { ...container, workingDir: '/elsewhere' }, isShared: true },
  { ref: 'r3', container, isShared: false },
  { ref: 'r4', container: { ...container, image: 'python:3' }, isShared: true },
])
const job = jobManifest({
  name: 'ew-e1-s1',
  marks,
  groups,
  job: { labels: { a: 'b' }, activeDeadlineSeconds: 900 },
  pod,
  silenceMs: 32_000,
})
const service = {
  name: 'ew-e1-s1-v1',
  marks,
  owner,
  silenceMs: 32_000,
  request: {
    container,
    pod,
    argv: ['sh', '-c', `serve --token ${SECRET}`],
    env: { PASSWORD: SECRET },
    ports: [5432, 8080],
    restartPolicy: 'OnFailure' as const,
    probe: { tcpSocket: { port: 5432 }, periodSeconds: 2 },
    prepare: async () => {},
  },
}
const all = {
  job,
  claim: claimManifest('ew-e1-s1-data', marks, owner, {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '1Gi' } },
  }),
  service: servicePod(service),
  secret: serviceSecret(service)!,
  lease: leaseManifest('engine-1', 32_000, new Date(0)),
}

describe('manifests', () => {
  test.each(Object.entries(all))('a server takes the %s as it is', (_, manifest) => {
    expect(manifestFaults(manifest as unknown as KubeObject)).toEqual([])
  })

  test('the check finds what servers would drop or refuse', () => {
    const faults = (change: (spec: Record<string, unknown>) => void) => {
      const copy = structuredClone(job) as unknown as KubeObject
      change(copy.spec)
      return manifestFaults(copy).join()
    }
    expect(faults((spec) => (spec['paralelism'] = 2))).toContain('Job.spec.paralelism is no field')
    expect(faults((spec) => (spec['backoffLimit'] = 'none'))).toContain('backoffLimit')
    expect(faults(({ template }) => ((template as { spec: { restartPolicy: string } }).spec.restartPolicy = 'Always'))).toContain(
      'restartPolicy',
    )
  })

  test('no value that the engine has resolved stands in a manifest, but for the secret', () => {
    const { secret, ...others } = all
    expect(JSON.stringify(others)).not.toContain(SECRET)
    expect(Object.values(secret.data!).map((value) => Buffer.from(value, 'base64').toString())).toEqual([
      SECRET,
      'sh',
      '-c',
      `serve --token ${SECRET}`,
    ])
  })

  test('commands of equal settings share a container, others have their own', () => {
    expect(groups.map(({ name, refs }) => [name, refs])).toEqual([
      ['c0', ['r1', 'r2']],
      ['c1', ['r3']],
      ['c2', ['r4']],
    ])
  })

  test('a site is one plain Job that runs once', () => {
    expect(job.spec).toMatchObject({ backoffLimit: 0, completions: 1, parallelism: 1, activeDeadlineSeconds: 900 })
    expect(job.spec!.ttlSecondsAfterFinished).toBeLessThan(10)
    const { spec } = job.spec!.template
    expect(spec).toMatchObject({ restartPolicy: 'Never', serviceAccountName: 'runner', automountServiceAccountToken: true })
    expect(spec!.securityContext).toEqual({ fsGroup: 1_001, runAsNonRoot: true })
    expect(spec!.containers.map(({ image }) => image)).toEqual(['node:24', 'node:24', 'python:3'])
    expect(spec!.containers[0]!.env).toContainEqual({ name: 'TOKEN', valueFrom: container.env[1]!.valueFrom })
  })

  test('no account is given to commands unless one is named, and no group to volumes if that is said', () => {
    const { spec } = jobManifest({ name: 'n', marks, groups, pod: { disableFsGroupDefaulting: true }, silenceMs: 1 }).spec!
      .template
    expect(spec!.automountServiceAccountToken).toBe(false)
    expect(spec!.securityContext).toBeUndefined()
  })

  test('a service finds its ports, is probed natively and goes with the Job of its site', () => {
    const { metadata, spec } = all.service
    const [main] = spec!.containers
    expect(metadata!.ownerReferences).toEqual([{ apiVersion: 'batch/v1', kind: 'Job', ...owner }])
    expect(main!.ports).toEqual([{ containerPort: 5_432 }, { containerPort: 8_080 }])
    expect(main!.env).toEqual(
      expect.arrayContaining([
        { name: 'PORT', value: '5432' },
        { name: 'PORT_8080', value: '8080' },
      ]),
    )
    expect(main!.readinessProbe).toEqual(service.request.probe)
    expect(spec!.initContainers).toHaveLength(1)
    expect(serviceSecret({ ...service, request: { ...service.request, argv: undefined, env: {} } })).toBeUndefined()
    expect(
      servicePod({ ...service, request: { ...service.request, argv: undefined } }).spec!.containers[0]!.command,
    ).toBeUndefined()
  })
})

test.each(['role.yaml', 'job.yaml', 'cronjob.yaml'])('deploy/kubernetes/%s is taken by a server as it is', (file) => {
  for (const object of deployed(file)) expect(manifestFaults(object)).toEqual([])
})
