import { EverwarmError } from '../../contracts/errors.ts'
import type { ServiceRequest, SiteService } from '../executor.ts'
import type { V1Pod } from './cluster.ts'
import { claimManifest } from './job-manifest.ts'
import { holdLifeline } from './lifeline.ts'
import { labelValue, objectName, SERVICE_LABEL, SITE_LABEL } from './names.ts'
import { hasSecrets, readEnvironment } from './pod-environment.ts'
import { podFiles } from './pod-files.ts'
import { containerStatus, healthOf, isReady, serviceEnd, startFault } from './pod-state.ts'
import { isGone, type SitePods } from './pod-watch.ts'
import type { RoomGround } from './room-ground.ts'
import { runScript } from './run-script.ts'
import { followLogs } from './service-logs.ts'
import { siteFailed } from './site-failed.ts'
import { PREPARE_CONTAINER, SERVICE_CONTAINER, servicePod, serviceSecret } from './service-pod.ts'

export interface ServiceGround {
  ground: RoomGround
  namespace: string
  watch: SitePods
  owner: { name: string; uid: string }
  site: string
  /** Ends the wait: all that is made goes with the site. */
  lost: Promise<string>
}

/** Between SIGTERM and SIGKILL when it is closed: its data goes with it. */
const GRACE_SECONDS = 2
/** After that, for its node to end it and its last words to come. */
const LAST_WORDS_MS = 3_000

/** @throws EverwarmError SERVICE_FAILED, IMAGE_UNAVAILABLE, the reason of the signal */
export async function openService(place: ServiceGround, request: ServiceRequest): Promise<SiteService> {
  const { ground, namespace, watch, owner, site, lost } = place
  const { cluster, execution, silenceMs } = ground
  const name = objectName('ew', execution.id, site, request.id)
  const marks = { ...ground.marks, [SITE_LABEL]: labelValue(site), [SERVICE_LABEL]: labelValue(request.name) }
  const find = () => watch.find(({ metadata }) => metadata?.name === name)
  const container = { ...request.container, image: request.container.image ?? ground.image }
  const parts = { name, marks, owner, silenceMs, request: { ...request, container } }
  const remove = () => cluster.deletePod(namespace, name, GRACE_SECONDS)
  try {
    for (const [claim, spec] of Object.entries(request.pvcs ?? {}))
      await cluster.createClaim(namespace, claimManifest(claim, marks, owner, spec))
    const secret = serviceSecret(parts)
    if (secret) await cluster.createSecret(namespace, secret)
    await cluster.createPod(namespace, servicePod(parts))
    if (request.prepare || hasSecrets(container)) await prepare(place, name, find, request)
    await Promise.race([watch.until(() => begun(find()), request.signal), withoutSite(lost, site)])
  } catch (error) {
    await remove().catch(() => {
      // It goes with its Job.
    })
    throw request.signal.aborted || codeOf(error) === 'SITE_LOST' ? error : serviceFailed(request.name, siteFailed(name, error))
  }
  return serviceOn(place, request, find, remove)
}

const codeOf = (error: unknown) => (error instanceof EverwarmError ? error.code : undefined)

async function withoutSite(lost: Promise<string>, site: string): Promise<never> {
  throw new EverwarmError('SITE_LOST', {
    message: `The pod of the site ${site} is gone (${await lost}), and its services with it.`,
    hint: 'See the events of its namespace: it may have been put out, or its engine was silent for too long.',
  })
}

/** Its main process has run, and its address is known. */
function begun(pod: V1Pod | undefined): true | undefined {
  if (!pod) return undefined
  const state = containerStatus(pod, SERVICE_CONTAINER)?.state
  const fault = state?.terminated && !isNeverRun(state.terminated.reason) ? undefined : startFault(pod)
  if (fault) throw fault
  return (state?.running || state?.terminated) && pod.status?.podIP ? true : undefined
}
const isNeverRun = (reason: string | undefined) => reason === 'ContainerCannotRun' || reason === 'StartError'

async function prepare(
  { ground: { cluster, clock, silenceMs, execution }, namespace, watch }: ServiceGround,
  pod: string,
  find: () => V1Pod | undefined,
  { prepare: put, container, signal }: ServiceRequest,
): Promise<void> {
  const target = { namespace, pod, container: PREPARE_CONTAINER }
  await watch.until(() => {
    const found = find()
    const fault = found && startFault(found)
    if (fault) throw fault
    return containerStatus(found, PREPARE_CONTAINER)?.state?.running
  }, signal)
  const lifeline = holdLifeline(cluster, target, clock, silenceMs)
  try {
    // What is printed later may hold them.
    if (hasSecrets(container))
      for (const secret of (await readEnvironment(cluster, target, container)).secrets) execution.secret?.(secret)
    await put?.(podFiles(cluster, () => target))
    // Its main process ends well, and the service begins. The answer may be lost with the container.
    await runScript(cluster, target, 'kill -TERM 1').catch(() => {})
  } finally {
    lifeline.close()
  }
}

function serviceOn(
  { ground: { cluster, clock }, namespace, watch }: ServiceGround,
  { name, ports, hear }: ServiceRequest,
  find: () => V1Pod | undefined,
  remove: () => Promise<void>,
): SiteService {
  const closing = new AbortController()
  let isClosing = false
  const pod = find()!
  const logs = followLogs({
    cluster,
    watch,
    namespace,
    pod: pod.metadata!.name!,
    container: SERVICE_CONTAINER,
    hear,
    signal: closing.signal,
  })
  const ended = watch
    .until(() => serviceEnd(find()!, SERVICE_CONTAINER), closing.signal)
    .then(async (end) => {
      await logs
      return end
    })
    .catch(() => ({ reason: 'closed' }))
  return {
    address: pod.status?.podIP ?? '',
    ports: Object.fromEntries(ports.map((port) => [port, port])),
    tryProbe: async () => !isClosing && isReady(find()!) && !isGone(find()!),
    ended,
    async health() {
      const now = find()!
      if (isGone(now) && !isClosing) throw serviceFailed(name, new Error('its pod was removed by someone else'))
      return healthOf(now, SERVICE_CONTAINER)
    },
    async close() {
      if (isClosing) return
      isClosing = true
      await remove()
      const timer = clock.after(GRACE_SECONDS * 1_000 + LAST_WORDS_MS, () => closing.abort(new Error('closed')))
      await logs
      timer.cancel()
      closing.abort(new Error('closed'))
    },
  }
}

function serviceFailed(name: string, cause: unknown): EverwarmError {
  const { message, hint } = cause as Partial<EverwarmError>
  return new EverwarmError('SERVICE_FAILED', {
    message: `The service ${name} did not start: ${message ?? String(cause)}`,
    hint: hint ?? 'Look at its image, command and claims.',
    cause,
  })
}
