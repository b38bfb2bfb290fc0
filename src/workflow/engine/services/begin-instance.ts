import { EverwarmError } from '../../../contracts/errors.ts'
import { Service } from '../../../contracts/workflow/service.ts'
import type { ServiceStatus } from '../../../contracts/workflow/events.ts'
import type { ProcessEnd, ServiceRequest, SiteService } from '../../../executors/executor.ts'
import { durationMs } from '../../duration.ts'
import { finalize } from '../../expressions/document.ts'
import { inField } from '../../expressions/expression-error.ts'
import { environmentScope } from '../../expressions/scopes.ts'
import { knownScope, simplify } from '../../field-expressions.ts'
import type { WorkerPlace } from '../../matrix.ts'
import { SCRIPT_PREFIX } from '../../plan.ts'
import { workerNames } from '../../worker-scope.ts'
import { declaredEnvironment, type Environment } from '../environment.ts'
import type { LogFile } from '../engine-types.ts'
import type { OperationContext } from '../operation.ts'
import { hiddenArguments, warnOfSeen } from '../operations/hidden-arguments.ts'
import { putFiles, putRepository, putTarballs } from '../operations/content.ts'
import { LeftOutLinks } from '../left-out-links.ts'
import { shownAt } from '../field-errors.ts'
import { below } from '../in-field.ts'
import { moveFiles } from '../transfers.ts'
import { claimName } from '../unit-place.ts'
import { scopesWithoutEnv } from '../unit-scopes.ts'
import { untilReady, WATCHED_MS, waited } from './readiness.ts'
import type { Instance } from './service-group.ts'

export type Begun = Instance

export interface InstanceRequest {
  name: string
  service: Service
  place: WorkerPlace
  id: string
  signal: AbortSignal
  /** As soon as it is there, ready or not: it is to be stopped. */
  begun(instance: Begun): void
}

type Context = OperationContext<'services-start'>

/** One instance, until it is ready. @throws EverwarmError SERVICE_FAILED, SERVICE_TIMEOUT */
export async function beginInstance(context: Context, request: InstanceRequest): Promise<void> {
  const { unit } = context
  const { name, place } = request
  const tell = (
    status: ServiceStatus,
    more: { address?: string; ports?: Readonly<Record<string, number>>; message?: string } = {},
  ) =>
    unit.engine.tell({
      type: 'service',
      unit: unit.options.path,
      ref: context.node.ref,
      name,
      index: place.index,
      status,
      ...more,
    })
  tell('queued')
  try {
    const resolved = await below(`services.${name}`, () => resolvedService(context, request))
    const { service } = resolved
    await within(context, request, service, async (limit) => {
      const { service: begun } = await start(context, request, resolved, limit)
      publish(context, request, service, begun)
      tell('running', { address: begun.address, ports: begun.ports })
      await ready(begun, service, context, limit)
    })
    tell('passed')
  } catch (error) {
    tell('failed', { message: shownAt(error, context.node, unit.engine).message })
    throw error
  }
}

/** `timeout` of the service. @throws EverwarmError SERVICE_TIMEOUT */
async function within(
  { unit }: Context,
  request: InstanceRequest,
  { timeout }: Service,
  act: (limit: AbortSignal) => Promise<void>,
): Promise<void> {
  if (timeout === undefined) return act(request.signal)
  const limitMs = inField(`services.${request.name}.timeout`, () => durationMs(timeout))
  const own = new AbortController()
  const timer = unit.engine.clock.after(limitMs, () => own.abort())
  try {
    await act(AbortSignal.any([request.signal, own.signal]))
  } catch (error) {
    throw own.signal.aborted ? timedOut(request, timeout) : error
  } finally {
    timer.cancel()
  }
  if (own.signal.aborted) throw timedOut(request, timeout)
}

/** With the names of its place; the environment is its own. */
async function resolvedService(context: Context, { service, place, id }: InstanceRequest): Promise<Resolved> {
  const { unit, node } = context
  const claims = new Map(Object.keys(service.pvcs ?? {}).map((name) => [name, claimName(unit.engine, id, name)]))
  const claimNames = Object.fromEntries([...claims].map(([name, whole]) => [`pvcs.${name}.name`, whole]))
  const scopes = [knownScope({ ...workerNames(place), ...claimNames }), ...scopesWithoutEnv(unit, node)]
  return unit.looking.at(() => {
    const { matrix: _m, shards: _s, count: _c, maxCount: _x, logs: _l, use: _u, ...rest } = simplify(Service, service, {}, scopes)
    const env = declaredEnvironment(rest, unit.engine, environmentScope({}), scopes, 'env')
    // Values stand by themselves from here on.
    const { env: _env, envFrom: _from, ...fields } = rest
    const done = finalize<Service>(fields as Service, 'force', [environmentScope(env), ...scopes])
    const pvcs = Object.fromEntries(Object.entries(done.pvcs ?? {}).map(([name, claim]) => [claims.get(name)!, claim]))
    return { service: { ...done, ...(claims.size > 0 ? { pvcs } : {}), env: rest.env, envFrom: rest.envFrom }, env }
  })
}

interface Resolved {
  service: Service
  /** Its variables, resolved. */
  env: Environment
}

async function start(
  context: Context,
  request: InstanceRequest,
  { service, env }: Resolved,
  signal: AbortSignal,
): Promise<Instance> {
  const { unit, node } = context
  const { name, place, id } = request
  const {
    restartPolicy = 'Never',
    readinessProbe,
    ports = [],
    shell,
    command,
    args,
    timeout: _t,
    pod,
    pvcs,
    content,
    transfer = [],
    ...container
  } = service
  const argv = shell === undefined ? command && [...command, ...(args ?? [])] : ['sh', '-c', `${SCRIPT_PREFIX}${shell}`]
  const spoken = hiddenArguments(argv ?? [], env, unit.engine.masks)
  if (spoken.isSeen) warnOfSeen(unit, node.ref)
  let file: LogFile | undefined
  const logName = `logs/${unit.options.path === '' ? '' : `${unit.options.path}/`}${name}/${place.index}.log`
  const { hear, end } = unit.log.hearInto(node.ref, () => (file ??= unit.engine.logs.open(logName)))
  const wanted: ServiceRequest = {
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
    hear,
    signal,
  }
  if (content || transfer.length > 0)
    wanted.prepare = async (files) => {
      const links = new LeftOutLinks(unit.engine.warn, unit.options.path, node.ref)
      const { files: written, git } = content ?? {}
      const field = `services.${name}.content`
      if (written) await below(`${field}.files`, () => putFiles(written, files, unit.engine))
      if (git) await below(`${field}.git`, () => putRepository(git, files, unit.engine, signal))
      if (content?.tarball) await putTarballs(content.tarball, files, unit.engine, signal)
      for (const { from, files: patterns, to = from } of transfer)
        await moveFiles({ from: unit.site.files, folder: from, patterns, to: files, toFolder: to, links })
    }
  const started = await unit.site.startService(wanted)
  const instance = { name, index: place.index, count: place.count, service: started, log: { end, file: () => file } }
  request.begun(instance)
  return instance
}

const probedPort = (probe: Service['readinessProbe']) => {
  const port = Number(probe?.httpGet?.port ?? probe?.tcpSocket?.port ?? probe?.grpc?.port)
  return Number.isInteger(port) ? [port] : []
}

function publish(
  { unit }: Context,
  { name, place }: InstanceRequest,
  { description = '' }: Service,
  { address, ports }: SiteService,
): void {
  const first = Object.values(ports)[0] ?? null
  const named = Object.fromEntries(Object.entries(ports).map(([port, real]) => [port, real]))
  unit.facts.services.get(name)![place.index] = { ip: address, description, port: first, ports: named }
}

async function ready(service: SiteService, { readinessProbe }: Service, { unit }: Context, signal: AbortSignal): Promise<void> {
  const { clock } = unit.engine
  const own = new AbortController()
  const any = AbortSignal.any([signal, own.signal])
  const ended = service.ended.then((end) => {
    own.abort()
    return end
  })
  if (readinessProbe) await untilReady(readinessProbe, (ms) => service.tryProbe(ms), clock, any)
  else await waited(WATCHED_MS, clock, any)
  if (!own.signal.aborted) return
  const end = await ended
  // Without a probe nobody asked for more than that it was begun.
  if (!readinessProbe && end.exitCode === 0) return
  throw new EverwarmError('SERVICE_FAILED', {
    message: `The service ended before it was ready: ${endText(end)}.`,
    hint: 'Its output says why; keep it with `logs: always`.',
  })
}

export const endText = ({ exitCode, signal, reason }: ProcessEnd) =>
  reason ?? (exitCode === undefined ? `ended by ${signal ?? 'a signal'}` : `exit code ${exitCode}`)

const timedOut = ({ name, place }: InstanceRequest, timeout: string) =>
  new EverwarmError('SERVICE_TIMEOUT', {
    message: `The instance ${place.index} of the service "${name}" was not ready after ${timeout}.`,
    hint: 'Look at its probe and its output, or give it a longer `timeout`.',
  })
