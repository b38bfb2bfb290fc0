import type { Container, Pod } from '../../contracts/workflow/container.ts'
import type { ContainerSettings } from './engine.ts'
import { quantity } from './quantities.ts'
import { type Mount, mountSetting } from './volumes.ts'

interface Security {
  runAsUser?: unknown
  runAsGroup?: unknown
  readOnlyRootFilesystem?: unknown
  privileged?: unknown
  allowPrivilegeEscalation?: unknown
  capabilities?: { add?: string[]; drop?: string[] }
  seccompProfile?: { type?: string }
  supplementalGroups?: unknown[]
  sysctls?: { name: string; value: string }[]
}

/** What fields of a workflow are for the engine. @throws EverwarmError FIELD_UNSUPPORTED */
export function settingsOf(
  container: Container,
  pod: Pod | undefined,
  mounts: readonly Mount[],
): Pick<ContainerSettings, 'User'> & { HostConfig: NonNullable<ContainerSettings['HostConfig']> } {
  // Of a service's or worker's pod first: the container's own wins.
  const security = { ...(pod?.securityContext as Security | undefined), ...(container.securityContext as Security | undefined) }
  const user = userOf(security)
  return {
    ...(user === undefined ? {} : { User: user }),
    HostConfig: {
      // Folders are made by the engine only where the workflow says so.
      Mounts: mounts.filter((mount) => !isMade(mount)).map(mountSetting),
      Binds: mounts.filter(isMade).map(bindText),
      ...limitsOf(container),
      ...securityOf(security),
      ...namesOf(pod),
    },
  }
}

const isMade = ({ source }: Mount) => source.type === 'bind' && source.isMade
const bindText = ({ source, target, isReadOnly }: Mount) =>
  `${source.type === 'bind' ? source.path : ''}:${target}${isReadOnly ? ':ro' : ''}`

function userOf({ runAsUser: user, runAsGroup: group }: Security): string | undefined {
  if (user === undefined && group === undefined) return undefined
  return `${String(user ?? 0)}${group === undefined ? '' : `:${String(group)}`}`
}

function limitsOf({ resources }: Container) {
  const { limits = {}, requests = {} } = resources ?? {}
  const number = (group: 'limits' | 'requests', name: string) => {
    const text = (group === 'limits' ? limits : requests)[name]
    return text === undefined ? undefined : quantity(text, `container.resources.${group}.${name}`)
  }
  const [cpu, memory] = [number('limits', 'cpu'), number('limits', 'memory')]
  const [cpuShare, reserved] = [number('requests', 'cpu'), number('requests', 'memory')]
  return {
    ...(cpu ? { NanoCpus: Math.round(cpu * 1e9) } : {}),
    // No swap beyond it: as much as memory means none.
    ...(memory ? { Memory: Math.floor(memory), MemorySwap: Math.floor(memory) } : {}),
    // 1024 are the share of one processor, 2 the least that the kernel takes.
    ...(cpuShare ? { CpuShares: Math.max(2, Math.round(cpuShare * 1_024)) } : {}),
    ...(reserved ? { MemoryReservation: Math.floor(Math.min(reserved, memory || reserved)) } : {}),
  }
}

function securityOf(security: Security) {
  const options = [
    ...(security.allowPrivilegeEscalation === false ? ['no-new-privileges'] : []),
    ...(security.seccompProfile?.type === 'Unconfined' ? ['seccomp=unconfined'] : []),
  ]
  const { add, drop } = security.capabilities ?? {}
  return {
    ...(security.privileged === true ? { Privileged: true } : {}),
    ...(security.readOnlyRootFilesystem === true ? { ReadonlyRootfs: true } : {}),
    ...(options.length > 0 ? { SecurityOpt: options } : {}),
    ...(add ? { CapAdd: add } : {}),
    ...(drop ? { CapDrop: drop } : {}),
    ...(security.supplementalGroups ? { GroupAdd: security.supplementalGroups.map(String) } : {}),
    ...(security.sysctls ? { Sysctls: Object.fromEntries(security.sysctls.map(({ name, value }) => [name, value])) } : {}),
  }
}

function namesOf(pod: Pod | undefined) {
  const dns = (pod?.dnsConfig ?? {}) as {
    nameservers?: string[]
    searches?: string[]
    options?: { name: string; value?: string }[]
  }
  const hosts = (pod?.hostAliases ?? []) as { ip?: string; hostnames?: string[] }[]
  return {
    ...(hosts.length > 0
      ? { ExtraHosts: hosts.flatMap(({ ip, hostnames = [] }) => hostnames.map((name) => `${name}:${ip}`)) }
      : {}),
    ...(dns.nameservers ? { Dns: dns.nameservers } : {}),
    ...(dns.searches ? { DnsSearch: dns.searches } : {}),
    ...(dns.options
      ? { DnsOptions: dns.options.map(({ name, value }) => (value === undefined ? name : `${name}:${value}`)) }
      : {}),
  }
}
