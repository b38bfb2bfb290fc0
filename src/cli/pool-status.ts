import { badInput, type Command, refusePositionals } from './command.ts'
import { metricsText } from './metrics.ts'
import type { StatusReport } from './status-report.ts'
import { count, duration, megabytes, table } from './table.ts'
import { withDaemon } from './with-daemon.ts'

export const poolStatus: Command = {
  options: { json: { type: 'boolean' }, metrics: { type: 'boolean' } },
  help: [
    '--json     for programs; {"daemon": null, …} when no daemon runs',
    '--metrics  for Prometheus, in its text format',
    '',
    'Never starts a daemon.',
  ],
  async run(given) {
    refusePositionals(given)
    const report = (await withDaemon(given, 'everwarm pool status', (client) => client.status())) ?? EMPTY
    if (given.values.json && given.values.metrics) throw badInput('--json and --metrics exclude each other.')
    if (given.values.metrics) return given.print(metricsText(report))
    given.print(given.values.json ? JSON.stringify(report, null, 2) : statusText(report))
  },
}

const EMPTY: StatusReport = {
  daemon: null,
  hosts: [],
  leases: [],
  waiting: 0,
  slots: { used: 0, limit: 0, spares: 0, families: {} },
  memory: { hostsBytes: 0, limitBytes: 0 },
  totals: { leases: 0, files: 0, hostsStarted: 0, retired: {} },
  leaseTimes: {
    waitMs: { boundsMs: [], counts: [], sumMs: 0 },
    heldMs: { boundsMs: [], counts: [], sumMs: 0 },
    ended: {},
    refused: {},
  },
}

function statusText({ daemon, hosts, leases, waiting, slots, memory, totals }: StatusReport): string {
  if (!daemon) return 'No daemon runs; it starts with the next test run.'
  const now = daemon.draining ? 'drains' : daemon.endsInMs === null ? 'in use' : `ends in ${duration(daemon.endsInMs)}`
  const retired = Object.entries(totals.retired).map(([reason, count]) => `${count} ${reason}`)
  return [
    `everwarm ${daemon.version}, process ${daemon.pid}, up ${duration(daemon.uptimeMs)}, ${megabytes(daemon.rssBytes)}, ${count(daemon.clients, 'client')}, ${now}`,
    daemon.address,
    '',
    hosts.length === 0
      ? 'No hosts.'
      : table(
          ['HOST', 'KIND', 'PID', 'STATE', 'AGE', 'LEASES', 'FILES', 'MEMORY', 'ROOT', 'HELD BY'],
          hosts.map((host) => [
            host.hostId,
            host.environment,
            String(host.pid),
            host.retireReason ? `${host.state} (${host.retireReason})` : host.state,
            duration(host.ageMs),
            String(host.leases),
            String(host.files),
            megabytes(host.rssBytes),
            host.root,
            holders(leases.filter(({ hostId }) => hostId === host.hostId)),
          ]),
        ),
    '',
    `${places(slots)}, ${megabytes(memory.hostsBytes)} of ${megabytes(memory.limitBytes)}, ${waiting} waiting`,
    `since its start: ${count(totals.leases, 'lease')}, ${count(totals.files, 'file')}, ${count(totals.hostsStarted, 'host')} started${retired.length > 0 ? `, retired: ${retired.join(', ')}` : ''}`,
  ].join('\n')
}

const FAMILY_NAMES: Record<string, string> = {
  node: 'hosts',
  browser: 'browsers',
  resident: 'prepared Vitests',
  runtime: 'runtimes',
}

/** Families of which nothing is open are left out, but hosts. */
function places({ families }: StatusReport['slots']): string {
  return Object.entries(families)
    .filter(([family, { used }]) => family === 'node' || used > 0)
    .map(([family, { used, limit }]) => `${used} of ${limit} ${FAMILY_NAMES[family] ?? family}`)
    .join(', ')
}

function holders([first, ...others]: StatusReport['leases']): string {
  if (!first) return ''
  const more = others.length > 0 ? `, and ${others.length} more` : ''
  return `${first.label} (${first.clientPid}) for ${duration(first.heldMs)}${more}`
}
