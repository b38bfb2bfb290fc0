import { EverwarmError } from '../../../contracts/errors.ts'
import { Service } from '../../../contracts/workflow/service.ts'
import type { ServiceStatus } from '../../../contracts/workflow/events.ts'
import type { ProcessEnd, SiteService } from '../../../executors/executor.ts'
import { durationMs } from '../../duration.ts'
import { finalize } from '../../expressions/document.ts'
import { FieldError, inField } from '../../expressions/expression-error.ts'
import { environmentScope } from '../../expressions/scopes.ts'
import { knownScope, simplify } from '../../field-expressions.ts'
import { workerNames } from '../../worker-scope.ts'
import { declaredEnvironment } from '../environment.ts'
import type { OperationContext } from '../operation.ts'
import { shownAt } from '../field-errors.ts'
import { below } from '../in-field.ts'
import { claimName } from '../unit-place.ts'
import { scopesWithoutEnv } from '../unit-scopes.ts'
import { untilReady, WATCHED_MS, waited } from './readiness.ts'
import { type Instance, instanceTitle, OUTPUT_HINT } from './service-group.ts'
import { type InstanceRequest, type Resolved, startInstance } from './start-instance.ts'

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
  let instance: Instance | undefined
  tell('queued')
  try {
    const resolved = await below(`services.${name}`, () => resolvedService(context, request))
    const { service } = resolved
    const late = () => timedOut(request, service.timeout!, instance?.service)
    await within(context, request, service, late, async (limit) => {
      instance = await startInstance(context, request, resolved, limit)
      publish(context, request, service, instance.service)
      const { address, ports } = instance.service
      tell('running', { address, ports, ...(service.readinessProbe ? {} : { message: WATCHED }) })
      await ready(instance, service, context, limit)
    })
    if (request.signal.aborted) throw givenUp(request)
    tell('passed')
  } catch (error) {
    if (instance) instance.hasFailed = true
    // Only the one that failed has: the others end with it.
    tell(request.signal.aborted ? 'stopped' : 'failed', { message: shownAt(error, context.node, unit.engine).message })
    throw error
  }
}

/** `timeout` of the service. @throws EverwarmError SERVICE_TIMEOUT */
async function within(
  { unit }: Context,
  request: InstanceRequest,
  { timeout }: Service,
  late: () => EverwarmError,
  act: (limit: AbortSignal) => Promise<void>,
): Promise<void> {
  if (timeout === undefined) return act(request.signal)
  const limitMs = inField(`services.${request.name}.timeout`, () => durationMs(timeout))
  const own = new AbortController()
  const timer = unit.engine.clock.after(limitMs, () => own.abort())
  try {
    await act(AbortSignal.any([request.signal, own.signal]))
  } catch (error) {
    throw own.signal.aborted ? late() : error
  } finally {
    timer.cancel()
  }
  if (own.signal.aborted) throw late()
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
  }, context.signal)
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

async function ready(instance: Instance, { readinessProbe }: Service, { unit }: Context, signal: AbortSignal): Promise<void> {
  const { clock } = unit.engine
  const { service } = instance
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
  throw new FieldError('SERVICE_FAILED', {
    path: `services.${instance.name}`,
    message: `${instanceTitle(instance)} ended before it was ready: ${endText(end)}.`,
    hint: OUTPUT_HINT,
  })
}

const WATCHED = `(watched for ${WATCHED_MS / 1_000} s, since it has no readinessProbe)`

const endText = ({ exitCode, signal, reason }: ProcessEnd) =>
  reason ?? (exitCode === undefined ? `ended by ${signal ?? 'a signal'}` : `exit code ${exitCode}`)

const givenUp = ({ name, place }: InstanceRequest) =>
  new EverwarmError('SERVICE_FAILED', {
    message: `${instanceTitle({ name, ...place })} was given up before it was ready.`,
  })

/** @param begun absent: it did not even begin */
function timedOut(request: InstanceRequest, timeout: string, begun: SiteService | undefined): FieldError {
  const { name, place } = request
  const moved = Object.entries(begun?.ports ?? {}).find(([port, real]) => Number(port) !== real)
  const [port] = moved ?? []
  return new FieldError('SERVICE_TIMEOUT', {
    path: `services.${name}`,
    message: `${instanceTitle({ name, ...place })} was not ready after ${timeout}.`,
    hint: moved
      ? `It must listen on $PORT_${port}, not on ${port} itself, where services are processes of this machine. Else look at its probe and its output, or give it a longer \`timeout\`.`
      : 'Look at its probe and its output, or give it a longer `timeout`.',
  })
}
