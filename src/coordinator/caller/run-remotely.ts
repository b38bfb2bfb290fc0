import { readdirSync } from 'node:fs'
import type { z } from 'zod'
import type { SessionRequest } from '../../contracts/session.ts'
import { say } from '../../system/log.ts'
import type { CoordinatorClient } from '../http/client.ts'
import { adoptReport } from './adopt-report.ts'
import { type CollectedReports, collectReports } from './collect-reports.ts'
import { mergeReports } from './merge-reports.ts'
import { patiently } from './patiently.ts'
import { progressLine } from './progress-line.ts'
import { runHost } from './run-host.ts'
import { type RemoteSession, remoteSession } from './remote-session.ts'
import { type ProjectRun, sessionRequest } from './session-request.ts'

export interface RemoteRun {
  client: CoordinatorClient
  project: ProjectRun
  /** The host's own options about reports. */
  reportArgs: readonly string[]
  config: z.input<typeof SessionRequest>['config']
  env: NodeJS.ProcessEnv
  signal: AbortSignal
}

/** As a shell says it of what was ended by Ctrl-C. */
const INTERRUPTED = 130

/**
 * Runs a project on the workers of a coordinator; its report comes out of the host's own reporters, here.
 * @returns 0 if all is green; the host's own exit code, or 1 where the host does not know better
 * @throws EverwarmError LIST_FAILED, NO_WORKER, NO_WORKER_FITS, COORDINATOR_UNREACHABLE…
 */
export async function runRemotely(run: RemoteRun): Promise<number> {
  const { client, project, signal } = run
  const { request, isEmpty, outputFolder } = await sessionRequest(project, run.config, run.env)
  if (signal.aborted) return INTERRUPTED
  if (isEmpty) return runNothing(run)
  const line = progressLine(process.stderr)
  const remote = await remoteSession({
    client,
    request,
    signal,
    onStarted: (_id, total) => line.started(total),
    onEvent: (event) => line.event(event),
  }).finally(() => line.end())
  const reports = await collectReports(remote.results, {
    download: (sha256) => patiently(() => client.artifact(sha256)),
    extension: project.host === 'vitest' ? '.json' : '.zip',
    outputFolder,
    adopt: (bytes, path) => adoptReport(project.host, bytes, path, project.root),
  })
  try {
    const args = [...configOf(project), ...run.reportArgs]
    const code = reports.count === 0 ? 1 : await mergeReports(project.host, project.root, reports.folder, args, run.env)
    const isGreen = tellRest(remote, reports)
    // Playwright's merge ends with 0 whatever it has printed.
    return code || (isGreen && remote.session.progress.failed === 0 ? 0 : 1)
  } finally {
    await reports.remove()
  }
}

/** Nothing matches: what that means, and with what options, the host knows itself. */
function runNothing({ project, reportArgs, env }: RemoteRun): Promise<number> {
  const command = project.host === 'vitest' ? 'run' : 'test'
  // `--config` is among both.
  const reporters = reportArgs.filter((arg) => !project.args.includes(arg))
  return runHost(project.host, project.root, [command, ...project.filters, ...project.args, ...reporters], env)
}

/** Playwright's merge uses the reporters of the configuration only when it is named. */
function configOf({ host, root }: ProjectRun): string[] {
  if (host !== 'playwright') return []
  const name = readdirSync(root).find((each) => /^playwright\.config\.[cm]?[jt]s$/.test(each))
  return name ? ['--config', name] : []
}

const MOST_NAMED = 20

/** What the host's reporters cannot say, because it knows nothing of it. @returns whether there is nothing of that kind */
function tellRest({ session, results }: RemoteSession, { without }: CollectedReports): boolean {
  const { progress, error, status } = session
  for (const { testId, error: why = 'No report of it came.' } of without.slice(0, MOST_NAMED)) say(`${testId}: ${why}`)
  if (without.length > MOST_NAMED) say(`… and ${without.length - MOST_NAMED} more without a report`)
  if (error) say(`${error.code}: ${error.message}`)
  const open = progress.total - results.length
  if (open > 0) say(`${open} of ${progress.total} files did not run.`)
  return status === 'completed' && without.every((result) => result.status === 'passed' || result.status === 'skipped')
}
