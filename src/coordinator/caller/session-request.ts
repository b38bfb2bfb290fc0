import type { SessionRequest, SessionTest } from '../../contracts/session.ts'
import { estimator } from '../../sharding/estimate.ts'
import { type HostName, listProject } from '../../sharding/list-files.ts'
import { timingsPlace } from '../../sharding/place.ts'
import { readSnapshot } from '../../sharding/read-snapshot.ts'
import { sourceFeatures } from '../../sharding/source-features.ts'
import { describeFiles, type TestFile } from '../../sharding/test-file.ts'
import type { Env } from '../../system/settings.ts'
import { relative, sep } from 'node:path'
import type { z } from 'zod'

/** As long as its whole shard may take, by default. */
const SHARD_TIMEOUT_MS = 1_800_000

export interface ProjectRun {
  host: HostName
  /** Folder of the project here. */
  root: string
  /** Folder of the project within a worker's checkout. */
  directory: string
  /** Names of files to keep to, as the host understands them. */
  filters: readonly string[]
  /** The host's own options. */
  args: readonly string[]
}

export interface AskedSession {
  request: z.input<typeof SessionRequest>
  /** Nothing matches. */
  isEmpty: boolean
  /** Where the host leaves traces and screenshots here. */
  outputFolder: string | undefined
}

/**
 * The files of a project as its host lists them here, with what is known of their durations.
 * @throws EverwarmError LIST_FAILED
 */
export async function sessionRequest(
  run: ProjectRun,
  config: z.input<typeof SessionRequest>['config'],
  env: Env,
): Promise<AskedSession> {
  const place = timingsPlace(run.root, env)
  const { files: listed, outputFolder } = await listProject(run.host, run.root, {
    from: place.root,
    env: { ...env },
    args: [...run.filters, ...run.args],
  })
  const files = describeFiles(listed, estimator(readSnapshot(place), { features: sourceFeatures(place.root) }))
  const below = relative(place.root, run.root).split(sep).join('/')
  return {
    request: {
      name: place.root.split(sep).at(-1)!,
      tests: files.map((file) => sessionTest(file, below)),
      // How long a test may take is the project's own business, as in a run here.
      config: { testTimeoutMs: SHARD_TIMEOUT_MS, ...config },
      // Retries and what becomes of obsolete snapshots hang on it: the caller is asked, not the worker's machine.
      run: { host: run.host, directory: run.directory, args: [...run.args], env: { CI: env['CI'] ?? '' } },
    },
    isEmpty: files.length === 0,
    outputFolder,
  }
}

/** Timings name files from the nearest package.json, workers from the project's folder. */
function sessionTest(file: TestFile, below: string): SessionTest {
  const path = below !== '' && file.path.startsWith(`${below}/`) ? file.path.slice(below.length + 1) : file.path
  return {
    id: file.id,
    path,
    ...(file.project === '' ? {} : { project: file.project }),
    ...(file.tags.length === 0 ? {} : { tags: [...file.tags] }),
    ...(file.priority === 0 ? {} : { priority: file.priority }),
    ...(file.isMeasured ? { duration: file.durationMs } : {}),
    ...(file.lastResult ? { lastResult: file.lastResult } : {}),
    ...(file.lastFailedMs === undefined ? {} : { lastRunAt: new Date(file.lastFailedMs).toISOString() }),
    ...(file.isSerial ? { isSerial: true } : {}),
  }
}
