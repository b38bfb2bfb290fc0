import type { FieldNote } from '../field-notes.ts'

const warning = (field: string, why: string): FieldNote => ({ field, why, severity: 'warning' })
const error = (field: string, why: string): FieldNote => ({ field, why, severity: 'error' })

const NO_CLUSTER = 'Commands are processes of this machine; there is no cluster.'
const NO_LIMITS = 'Commands are processes of this machine; nothing limits them.'

/** What means nothing to processes of this machine. */
export const IGNORED_FIELDS: readonly FieldNote[] = [
  warning('container.image', 'Commands run with the programs of this machine.'),
  warning('container.imagePullPolicy', 'There are no images.'),
  warning('container.resources', NO_LIMITS),
  warning('container.securityContext', 'Commands run as the user who runs the workflow.'),
  warning('container.volumeMounts', 'Nothing is mounted: what lies below /data is a folder of the worker, which goes with it.'),
  ...['labels', 'annotations', 'namespace', 'activeDeadlineSeconds'].map((field) => warning(`job.${field}`, NO_CLUSTER)),
  ...[
    'labels',
    'annotations',
    'serviceAccountName',
    'imagePullSecrets',
    'nodeSelector',
    'affinity',
    'tolerations',
    'hostAliases',
    'dnsPolicy',
    'dnsConfig',
    'securityContext',
    'priorityClassName',
    'topologySpreadConstraints',
    'activeDeadlineSeconds',
    'disableFsGroupDefaulting',
  ].map((field) => warning(`pod.${field}`, NO_CLUSTER)),
  warning('pod.volumes', 'Nothing is mounted: what lies below /data is a folder of the worker, which goes with it.'),
  warning('pvcs', 'Nothing is kept from one execution to the next.'),
  error('service.readinessProbe.grpc', 'Services are probed by exec, httpGet and tcpSocket.'),
]
