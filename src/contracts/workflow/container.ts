import { z } from 'zod'
import { anyList, anyObject, fieldRoles, flag, plain, template, templateMap, templates } from './fields.ts'

const KeyReference = z
  .strictObject({
    name: template('Name of the secret or map.'),
    key: template('Which of its values.'),
    optional: flag('There may be none.').optional(),
  })
  .meta({ id: 'KeyReference' })

/** A secret's or another object's value, as in Kubernetes, which may know more kinds of them. */
export const ValueFrom = z
  .object({
    secretKeyRef: KeyReference.describe('A value of a secret.').optional(),
    configMapKeyRef: KeyReference.describe('A value of a config map.').optional(),
  })
  .catchall(z.unknown())
  .describe('Where the value comes from: `secretKeyRef`, `configMapKeyRef`, `fieldRef`, `resourceFieldRef`.')
  .register(fieldRoles, { role: 'force' })

export const EnvVariable = z
  .strictObject({
    name: plain('Name of the variable.').regex(/^[^=\0]+$/, { error: 'must have no = in it' }),
    value: template('Its value.').optional(),
    valueFrom: ValueFrom.optional(),
    global: flag('Services have it, too.').optional(),
  })
  .refine(({ value, valueFrom }) => value === undefined || valueFrom === undefined, {
    error: 'must not have both `value` and `valueFrom`',
  })
export type EnvVariable = z.infer<typeof EnvVariable>

export const VolumeMount = anyObject('A volume and where it is mounted, as in Kubernetes.')

/** Where and with what something runs. Steps inherit it from outside; what stands further inside wins. */
export const containerShape = {
  image: template('Image of the container.').optional(),
  imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).describe('When the image is pulled.').optional(),
  workingDir: template('Folder in which commands run.').optional(),
  command: templates('Program and first arguments; an item that is one expression with a list is spliced.').optional(),
  args: templates('Further arguments.').optional(),
  env: z.array(EnvVariable).max(1_000).describe('Environment; `CI=1` is always set.').optional(),
  envFrom: anyList('Environment from secrets and maps, as in Kubernetes.').optional(),
  resources: z
    .strictObject({
      limits: templateMap('Most of `cpu`, `memory`, … that it may take.').optional(),
      requests: templateMap('What it needs of `cpu`, `memory`, ….').optional(),
    })
    .describe('What it needs and may take.')
    .optional(),
  securityContext: anyObject('As in Kubernetes.').optional(),
  volumeMounts: z.array(VolumeMount).max(1_000).describe('Volumes that it sees.').optional(),
}

export const Container = z.strictObject(containerShape).meta({ id: 'Container' })
export type Container = z.infer<typeof Container>

export const Job = z
  .strictObject({
    labels: templateMap('Labels.').optional(),
    annotations: templateMap('Annotations.').optional(),
    namespace: template('Namespace in which it runs.').optional(),
    activeDeadlineSeconds: z.int().min(1).describe('Seconds after which it is ended.').optional(),
  })
  .meta({ id: 'Job' })
export type Job = z.infer<typeof Job>

export const Pod = z
  .strictObject({
    labels: templateMap('Labels.').optional(),
    annotations: templateMap('Annotations.').optional(),
    serviceAccountName: template('Account under which it runs.').optional(),
    imagePullSecrets: anyList('Secrets for pulling images.').optional(),
    nodeSelector: templateMap('Labels that a node must have.').optional(),
    affinity: anyObject('As in Kubernetes.').optional(),
    tolerations: anyList('As in Kubernetes.').optional(),
    volumes: anyList('Volumes for `volumeMounts`.').optional(),
    hostAliases: anyList('Additional names of hosts.').optional(),
    dnsPolicy: template('As in Kubernetes.').optional(),
    dnsConfig: anyObject('As in Kubernetes.').optional(),
    securityContext: anyObject('As in Kubernetes.').optional(),
    priorityClassName: template('As in Kubernetes.').optional(),
    topologySpreadConstraints: anyList('As in Kubernetes.').optional(),
    activeDeadlineSeconds: z.int().min(1).describe('Seconds after which it is ended.').optional(),
    disableFsGroupDefaulting: flag('Leaves the group of volumes as it is.').optional(),
  })
  .meta({ id: 'Pod' })
export type Pod = z.infer<typeof Pod>
