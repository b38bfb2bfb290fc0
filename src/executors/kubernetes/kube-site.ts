import { EverwarmError } from '../../contracts/errors.ts'
import type { PlannedCommand, Site, SiteRequest, SiteService } from '../executor.ts'
import type { V1Pod } from './cluster.ts'
import { type CommandGroup, commandGroups } from './command-groups.ts'
import { claimManifest, jobManifest } from './job-manifest.ts'
import type { RoomGround } from './room-ground.ts'
import { openService } from './kube-service.ts'
import { holdLifeline } from './lifeline.ts'
import { labelValue, objectName, SERVICE_LABEL, SITE_LABEL } from './names.ts'
import { type CommandPlace, startInPod } from './pod-command.ts'
import { hasSecrets, type PodEnvironment, readEnvironment } from './pod-environment.ts'
import { podFiles } from './pod-files.ts'
import { isUp, lossOf, startFault } from './pod-state.ts'
import type { SitePods } from './pod-watch.ts'
import { siteFailed } from './site-failed.ts'

/** @throws EverwarmError SITE_FAILED, IMAGE_UNAVAILABLE, the reason of the signal */
export async function openSite(ground: RoomGround, request: SiteRequest): Promise<Site> {
  const { cluster, execution, clock, silenceMs } = ground
  const namespace = request.job?.namespace ?? cluster.namespace
  const name = objectName('ew', execution.id, request.id)
  const marks = { ...ground.marks, [SITE_LABEL]: labelValue(request.id) }
  const groups = groupsOf(ground, request)
  const allPods = await ground.watchOf(namespace).catch((cause: unknown) => {
    throw siteFailed(name, cause)
  })
  const watch = allPods.ofSite(marks[SITE_LABEL])
  const manifest = jobManifest({ name, marks, groups, job: request.job, pod: request.pod, silenceMs })
  const job = await cluster.createJob(namespace, manifest).catch((cause: unknown) => {
    throw siteFailed(name, cause)
  })
  const owner = { name, uid: job.metadata!.uid! }
  const remove = async () => {
    await cluster.deleteJob(namespace, name)
    allPods.forget(marks[SITE_LABEL])
  }
  try {
    for (const [claim, spec] of Object.entries(request.pvcs ?? {}))
      await cluster.createClaim(namespace, claimManifest(claim, marks, owner, spec))
    const pod = await upPod(watch, request.signal)
    const lifeline = holdLifeline(cluster, { namespace, pod: pod.metadata!.name!, container: groups[0]!.name }, clock, silenceMs)
    const close = async () => {
      lifeline.close()
      await remove()
    }
    return siteOn({ ground, id: request.id, namespace, pod: pod.metadata!.name!, watch, groups, owner, close })
  } catch (error) {
    await remove().catch(() => {
      // The server is away: the pod ends by its silence, and what is left by a sweep.
    })
    throw error instanceof EverwarmError || request.signal.aborted ? error : siteFailed(name, error)
  }
}

function groupsOf({ image }: RoomGround, { id, commands }: SiteRequest): CommandGroup[] {
  const groups = commandGroups(commands)
  // Files and services need a place, too.
  if (groups.length === 0) groups.push({ name: 'c0', container: {}, refs: [] })
  return groups.map((group) => {
    const named = group.container.image ?? image
    if (named !== undefined) return { ...group, container: { ...group.container, image: named } }
    throw new EverwarmError('SITE_FAILED', {
      message: `The site ${id} has a container without an image (${group.refs.join(', ') || 'for its files'}).`,
      hint: 'Say `container.image` for the workflow, or for the step.',
    })
  })
}

const isService = ({ metadata }: V1Pod) => metadata?.labels?.[SERVICE_LABEL] !== undefined

function upPod(watch: SitePods, signal: AbortSignal): Promise<V1Pod> {
  return watch.until(() => {
    const pod = watch.find((one) => !isService(one))
    if (!pod) return undefined
    if (isUp(pod)) return pod
    const fault = startFault(pod)
    if (fault) throw fault
    return undefined
  }, signal)
}

interface SiteParts {
  ground: RoomGround
  id: string
  namespace: string
  pod: string
  watch: SitePods
  groups: readonly CommandGroup[]
  owner: { name: string; uid: string }
  close(): Promise<void>
}

function siteOn({ ground, id, namespace, pod, watch, groups, owner, close }: SiteParts): Site {
  const { cluster, clock } = ground
  const closing = new AbortController()
  const places = new Map(groups.map((group) => [group.name, placeOf(group.name)]))
  const environments = new Map<string, Promise<PodEnvironment>>()
  const services = new Set<SiteService>()

  function placeOf(container: string): CommandPlace {
    const target = { namespace, pod, container }
    const byName = () => watch.find(({ metadata }) => metadata?.name === pod)
    const gone = watch.until(() => lossOf(byName(), container), closing.signal).catch(() => 'closed')
    return { cluster, clock, target, mains: new Set(), hidden: [], lost: gone }
  }
  const groupFor = (ref: string) => groups.find(({ refs }) => refs.includes(ref)) ?? groups[0]!
  const placeFor = ({ ref }: PlannedCommand) => {
    if (closing.signal.aborted) throw siteClosed(id)
    return places.get(groupFor(ref).name)!
  }
  /** Its secrets are told before anything of them can be heard. */
  function environmentFor(command: PlannedCommand): Promise<PodEnvironment> {
    const { target } = placeFor(command)
    const read = () =>
      readEnvironment(cluster, target, groupFor(command.ref).container).then((environment) => {
        for (const secret of environment.secrets) ground.execution.secret?.(secret)
        return environment
      })
    const known = environments.get(target.container) ?? read()
    environments.set(target.container, known)
    known.catch(() => environments.delete(target.container))
    return known
  }
  const files = podFiles(cluster, (path) => ({ namespace, pod, container: containerFor(groups, path) }))

  return {
    id,
    files,
    environment: async (command) => (await environmentFor(command)).variables,
    start: async (command) => {
      const place = placeFor(command)
      const { container } = groupFor(command.ref)
      const hidden = hasSecrets(container) ? (await environmentFor(command)).hidden : []
      return startInPod({ ...place, hidden }, command, command.cwd ?? container.workingDir ?? files.path('.'))
    },
    async startService(request) {
      if (closing.signal.aborted) throw siteClosed(id)
      const service = await openService(
        { ground, namespace, watch, owner, site: id, lost: places.get(groups[0]!.name)!.lost },
        request,
      )
      services.add(service)
      return service
    },
    async close() {
      if (closing.signal.aborted) return
      closing.abort()
      await Promise.all([...services].map((service) => service.close()))
      await close()
    },
  }
}

/** The one whose volumes hold the path; the first one where none does. */
function containerFor(groups: readonly CommandGroup[], path: string): string {
  const depth = ({ container }: CommandGroup) =>
    Math.max(
      0,
      ...(container.volumeMounts ?? [])
        .map((mount) => String(mount['mountPath'] ?? ''))
        .filter((at) => at !== '' && `${path}/`.startsWith(at.endsWith('/') ? at : `${at}/`))
        .map((at) => at.length),
    )
  return groups.reduce((best, group) => (depth(group) > depth(best) ? group : best)).name
}

const siteClosed = (id: string) =>
  new EverwarmError('SITE_LOST', { message: `The site ${id} is closed.`, hint: 'Open another one.' })
