import type { StatusReport } from './status-report.ts'

type Labels = Record<string, string>
type Sample = [labels: Labels, value: number]

/**
 * The state of the pool for Prometheus, e.g. by the textfile collector of its node exporter: nothing listens for it.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
export function metricsText(report: StatusReport): string {
  const { daemon } = report
  const up = metric('up', 'gauge', 'Whether the daemon runs.', [[{}, daemon ? 1 : 0]])
  if (!daemon) return up
  return [up, ...daemonMetrics(daemon), ...hostMetrics(report), ...leaseMetrics(report)].join('\n')
}

function daemonMetrics(daemon: NonNullable<StatusReport['daemon']>): string[] {
  return [
    metric('daemon_info', 'gauge', 'The version of the daemon.', [[{ version: daemon.version }, 1]]),
    metric('daemon_uptime_seconds', 'gauge', 'Time since the daemon started.', [[{}, daemon.uptimeMs / 1000]]),
    metric('daemon_resident_memory_bytes', 'gauge', 'Memory of the daemon itself.', [[{}, daemon.rssBytes]]),
    metric('clients', 'gauge', 'Programs that are connected.', [[{}, daemon.clients]]),
  ]
}

function hostMetrics({ hosts, slots, memory, totals }: StatusReport): string[] {
  const states = ['opening', 'idle', 'leased', 'retiring'] as const
  return [
    metric(
      'hosts',
      'gauge',
      'Host processes by state.',
      states.map((state): Sample => [{ state }, hosts.filter((host) => host.state === state).length]),
    ),
    metric(
      'hosts_limit',
      'gauge',
      'Host processes that there may be, by family.',
      Object.entries(slots.families).map(([family, { limit }]) => [{ family }, limit]),
    ),
    metric('hosts_memory_bytes', 'gauge', 'Memory of all hosts.', [[{}, memory.hostsBytes]]),
    metric('hosts_memory_limit_bytes', 'gauge', 'Memory that all hosts may take.', [[{}, memory.limitBytes]]),
    metric('hosts_started_total', 'counter', 'Hosts started.', [[{}, totals.hostsStarted]]),
    metric('hosts_retired_total', 'counter', 'Hosts ended, by reason.', labelled('reason', totals.retired)),
    metric('files_total', 'counter', 'Test files run in hosts.', [[{}, totals.files]]),
  ]
}

function leaseMetrics({ leases, waiting, totals, leaseTimes }: StatusReport): string[] {
  return [
    metric('leases', 'gauge', 'Leases that are held.', [[{}, leases.length]]),
    metric('leases_waiting', 'gauge', 'Requests that wait for a host.', [[{}, waiting]]),
    metric('leases_granted_total', 'counter', 'Leases granted.', [[{}, totals.leases]]),
    metric('leases_ended_total', 'counter', 'Leases that ended, by outcome.', labelled('outcome', leaseTimes.ended)),
    metric('leases_refused_total', 'counter', 'Requests that got an error, by its code.', labelled('code', leaseTimes.refused)),
    histogram('lease_wait_seconds', 'Time from the request of a lease to its grant.', leaseTimes.waitMs),
    histogram('lease_held_seconds', 'Time for which a lease was held.', leaseTimes.heldMs),
  ]
}

const labelled = (name: string, counts: Record<string, number>) =>
  Object.entries(counts).map(([value, count]): Sample => [{ [name]: value }, count])

function metric(name: string, type: 'gauge' | 'counter', help: string, samples: Sample[]): string {
  return [...head(name, type, help), ...samples.map(([labels, value]) => line(name, labels, value))].join('\n')
}

function histogram(name: string, help: string, { boundsMs, counts, sumMs }: StatusReport['leaseTimes']['waitMs']): string {
  let below = 0
  const buckets = counts.map((count, i) => {
    below += count
    return line(`${name}_bucket`, { le: boundsMs[i] === undefined ? '+Inf' : String(boundsMs[i] / 1000) }, below)
  })
  return [
    ...head(name, 'histogram', help),
    ...buckets,
    line(`${name}_sum`, {}, sumMs / 1000),
    line(`${name}_count`, {}, below),
  ].join('\n')
}

const head = (name: string, type: string, help: string) => [`# HELP everwarm_${name} ${help}`, `# TYPE everwarm_${name} ${type}`]

function line(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
  return `everwarm_${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`
}

const escaped = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
