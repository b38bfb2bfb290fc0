import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SessionResults } from '../service.ts'
import { reportFolder } from './report-folder.ts'

/** The hosts' own reports of all tests, as files in one folder. */
export interface CollectedReports {
  folder: string
  count: number
  /** Tests whose host wrote none: their worker was lost, or they never ran. */
  without: SessionResults['results']
  remove(): Promise<void>
}

export interface CollectOptions {
  download(sha256: string): Promise<Uint8Array>
  /** `.json` for Vitest, `.zip` for Playwright. */
  extension: string
  /** Of the host, for what stays beside the reports. */
  outputFolder?: string | undefined
  /** Makes a report of another machine one of this. `path`: of a test that it is of, from the project's folder. */
  adopt(bytes: Uint8Array, path: string): Uint8Array
}

/** Downloads at once; a coordinator on the same machine answers faster than it can be asked. */
const AT_ONCE = 8

/** @throws EverwarmError ARTIFACT_UNKNOWN, COORDINATOR_UNREACHABLE, ARTIFACT_MISMATCH */
export async function collectReports(results: SessionResults['results'], options: CollectOptions): Promise<CollectedReports> {
  const { path: folder, remove } = await reportFolder(options.outputFolder)
  // Tests of one run of Playwright may share a report.
  const wanted = new Map(results.flatMap(({ report, testPath = '' }) => (report ? [[report, testPath] as const] : [])))
  const rest = wanted.entries()
  const fetchOn = async () => {
    for (const [sha256, path] of rest)
      await writeFile(join(folder, `${sha256}${options.extension}`), options.adopt(await options.download(sha256), path))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, fetchOn))
  return {
    folder,
    count: wanted.size,
    without: results.filter(({ report }) => report === undefined),
    remove,
  }
}
