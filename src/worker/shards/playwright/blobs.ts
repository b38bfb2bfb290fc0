import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { FullConfig, FullResult, Suite, TestCase, TestError, TestResult, TestStep } from '@playwright/test/reporter'

/** Playwright's own blob reporter, as it is called by Playwright. */
export interface BlobReporter {
  onConfigure(config: FullConfig): void
  onBegin(suite: Suite): void
  onTestBegin(test: TestCase, result: TestResult): void
  onStepBegin(test: TestCase, result: TestResult, step: TestStep): void
  onStepEnd(test: TestCase, result: TestResult, step: TestStep): void
  onTestEnd(test: TestCase, result: TestResult): void
  onStdOut(chunk: string | Buffer, test?: TestCase, result?: TestResult): void
  onStdErr(chunk: string | Buffer, test?: TestCase, result?: TestResult): void
  onError(error: TestError): void
  onEnd(result: FullResult): Promise<void>
}

interface Runner {
  runnerReporters?: { createReporters(config: object, mode: 'test', descriptions: [string, object][]): Promise<BlobReporter[]> }
}

/**
 * A blob reporter for each of the tests of a shard, so that each has a report of its own that merges with others.
 * Playwright has no public way to make one; where this one is gone, there are results and no reports.
 */
export async function openBlobs(
  config: FullConfig,
  folder: string,
  count: number,
): Promise<{ blob: BlobReporter; blobPath: string }[]> {
  const createReporters = loadRunner(config)?.runnerReporters?.createReporters
  if (!createReporters) return []
  // Would be added to each.
  const { PW_TEST_REPORTER } = process.env
  delete process.env.PW_TEST_REPORTER
  try {
    return await Promise.all(
      Array.from({ length: count }, async (_, i) => {
        const blobPath = join(folder, `report-${i}.zip`)
        const made = await createReporters({ config, configDir: config.rootDir }, 'test', [['blob', { outputFile: blobPath }]])
        return { blob: made.at(-1)!, blobPath }
      }),
    )
  } finally {
    if (PW_TEST_REPORTER !== undefined) process.env.PW_TEST_REPORTER = PW_TEST_REPORTER
  }
}

/** Of the Playwright that runs. */
function loadRunner(config: FullConfig): Runner | undefined {
  try {
    const fromProject = createRequire(config.configFile ?? join(config.rootDir, 'package.json'))
    const fromTest = createRequire(fromProject.resolve('@playwright/test/package.json'))
    return fromTest('playwright/lib/runner') as Runner
  } catch {
    // Another version of Playwright, in which it stands elsewhere.
    return undefined
  }
}
