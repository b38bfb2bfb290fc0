import type { Service } from '../../../contracts/workflow/service.ts'
import type { ServiceRequest, SiteFiles } from '../../../executors/executor.ts'
import type { WorkerPlace } from '../../matrix.ts'
import { SCRIPT_PREFIX } from '../../plan.ts'
import type { LogFile } from '../engine-types.ts'
import type { Environment } from '../environment.ts'
import { below } from '../in-field.ts'
import { linksOf } from '../left-out-links.ts'
import type { OperationContext } from '../operation.ts'
import { putFiles, putRepository, putTarballs } from '../operations/content.ts'
import { hiddenArguments, warnOfSeen } from '../operations/hidden-arguments.ts'
import { moveFiles } from '../transfers.ts'
import type { Instance } from './service-group.ts'

export interface InstanceRequest {
  name: string
  service: Service
  place: WorkerPlace
  id: string
  signal: AbortSignal
  /** As soon as it is there, ready or not: it is to be stopped. */
  begun(instance: Instance): void
}

type Context = OperationContext<'services-start'>

/** What is started, and what it sees. */
export interface Resolved {
  service: Service
  /** Its variables, resolved. */
  env: Environment
}

/** Its process or container, ready or not. */
export async function startInstance(
  context: Context,
  request: InstanceRequest,
  resolved: Resolved,
  signal: AbortSignal,
): Promise<Instance> {
  const { unit, node } = context
  const { name, place, begun } = request
  let file: LogFile | undefined
  const logName = `logs/${unit.options.path === '' ? '' : `${unit.options.path}/`}${name}/${place.index}.log`
  const { hear, end } = unit.log.hearInto(node.ref, () => (file ??= unit.engine.logs.open(logName)))
  const service = await unit.site.startService({ ...wantedOf(context, request, resolved, signal), hear, signal })
  const instance = { name, index: place.index, count: place.count, service, log: { end, file: () => file } }
  begun(instance)
  return instance
}

function wantedOf(
  context: Context,
  { name, id }: InstanceRequest,
  { service, env }: Resolved,
  signal: AbortSignal,
): Omit<ServiceRequest, 'hear' | 'signal'> {
  const { unit, node } = context
  const { restartPolicy = 'Never', readinessProbe, ports = [], pod, pvcs, ...rest } = service
  const { shell, command, args, timeout: _t, content, transfer = [], ...container } = rest
  const argv = shell === undefined ? command && [...command, ...(args ?? [])] : ['sh', '-c', `${SCRIPT_PREFIX}${shell}`]
  const spoken = hiddenArguments(argv ?? [], env, unit.engine.masks)
  if (spoken.isSeen) warnOfSeen(unit, node.ref)
  return {
    name,
    id,
    container: argv ? container : { ...container, ...(args ? { args } : {}) },
    ...(argv ? { argv: spoken.argv } : {}),
    env: spoken.env,
    ...(container.workingDir === undefined ? {} : { cwd: container.workingDir }),
    ...(pod ? { pod } : {}),
    ...(pvcs ? { pvcs } : {}),
    ports: [...new Set([...ports, ...probedPort(readinessProbe)])],
    restartPolicy,
    ...(readinessProbe ? { probe: readinessProbe } : {}),
    ...(content || transfer.length > 0 ? { prepare: (files) => putContent(context, name, service, files, signal) } : {}),
  }
}

async function putContent(
  { unit, node }: Context,
  name: string,
  { content = {}, transfer = [] }: Service,
  files: SiteFiles,
  signal: AbortSignal,
): Promise<void> {
  const { files: written, git, tarball } = content
  const field = `services.${name}.content`
  if (written) await below(`${field}.files`, () => putFiles(written, files, unit.engine))
  if (git) await below(`${field}.git`, () => putRepository(git, files, unit.engine, signal))
  if (tarball) await putTarballs(tarball, files, unit.engine, signal)
  const links = linksOf({ unit, node })
  for (const { from, files: patterns, to = from } of transfer)
    await moveFiles({ from: unit.site.files, folder: from, patterns, to: files, toFolder: to, links })
}

const probedPort = (probe: Service['readinessProbe']) => {
  const port = Number(probe?.httpGet?.port ?? probe?.tcpSocket?.port ?? probe?.grpc?.port)
  return Number.isInteger(port) ? [port] : []
}
