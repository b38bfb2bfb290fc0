import { z } from 'zod'
import { containerShape, Pod } from './container.ts'
import { Content, Transfer } from './content.ts'
import { anyObject, duration, expression, fieldRoles, template, templates, Uses } from './fields.ts'
import { strategyShape } from './strategy.ts'

const Port = z
  .union([z.int().min(1).max(65_535), z.string().min(1)], { error: 'must be a port from 1 to 65535, or its name' })
  .describe('Port, or its name.')
  .register(fieldRoles, { role: 'force' })
const seconds = (about: string, min: number) => z.int().min(min).max(86_400).describe(about).optional()

/** @see https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/ */
export const Probe = z
  .strictObject({
    exec: z.strictObject({ command: templates('Ready if it ends with 0.') }).optional(),
    httpGet: z
      .strictObject({
        path: template('Path.').optional(),
        port: Port,
        host: template('Host.').optional(),
        scheme: z.enum(['HTTP', 'HTTPS']).optional(),
        httpHeaders: z.array(z.strictObject({ name: template('Name.'), value: template('Value.') })).optional(),
      })
      .optional(),
    tcpSocket: z.strictObject({ port: Port, host: template('Host.').optional() }).optional(),
    grpc: z.strictObject({ port: Port, service: template('Service.').optional() }).optional(),
    initialDelaySeconds: seconds('Wait before the first try, s.', 0),
    periodSeconds: seconds('Time between two tries, s.', 1),
    timeoutSeconds: seconds('Time of one try, s.', 1),
    successThreshold: seconds('Tries that must succeed in a row.', 1),
    failureThreshold: seconds('Tries that may fail in a row.', 1),
  })
  .refine(({ exec, httpGet, tcpSocket, grpc }) => [exec, httpGet, tcpSocket, grpc].filter(Boolean).length === 1, {
    error: 'must have one of `exec`, `httpGet`, `tcpSocket`, `grpc`',
  })
  .meta({ id: 'Probe' })
export type Probe = z.infer<typeof Probe>

export const Service = z
  .strictObject({
    use: z.array(Uses).max(100).describe('Templates with container, pod, content and pvcs.').optional(),
    description: template('What it is for.').optional(),
    ...strategyShape,
    ...containerShape,
    shell: template('Commands for `sh`, instead of `command`.').optional(),
    logs: expression('When its output is kept; absent: never.').optional(),
    timeout: duration('Time until it must be ready; absent: for ever.').optional(),
    transfer: z.array(Transfer).max(100).describe('Files that it gets.').optional(),
    content: Content.describe('Repository, files and archives.').optional(),
    pod: Pod.describe('Where it runs.').optional(),
    ports: z
      .array(z.int().min(1).max(65_535))
      .max(100)
      .describe('Ports on which it listens; it finds them in `PORT_<n>`, others in `services.<name>.<i>.ports.<n>`.')
      .optional(),
    restartPolicy: z.enum(['Never', 'OnFailure']).describe('`Never`: it is not started again.').optional(),
    readinessProbe: Probe.describe('When it is ready; absent: 15 s after its start.').optional(),
    pvcs: z.record(z.string(), anyObject('A claim.')).describe('Claims for volumes.').optional(),
  })
  .meta({ id: 'Service' })
export type Service = z.infer<typeof Service>
