import { relative } from 'node:path'
import type { FullConfig, FullResult, Reporter, Suite, TestCase, TestResult, TestRun } from '@playwright/test/reporter'
import { EverwarmError } from '../contracts/errors.ts'
import { type Estimates, planFault, type ShardSummary, shardByDuration } from '../sharding/playwright.ts'

/** How long one test took, in one run. */
export interface TestDuration {
  /** Playwright's own: of project, file and titles, whatever line it stands in. */
  id: string
  project: string
  browser: string
  /** From the configuration's `rootDir`, as Playwright names it. */
  file: string
  /** Without project and file. */
  titles: string[]
  durationMs: number
  outcome: 'passed' | 'failed'
  /** Epoch ms. */
  startedMs: number
}

export interface ReporterOptions {
  /** The snapshot that this run plans from; asked for once, and only with `--shard`. */
  estimates(run: { config: FullConfig; suite: Suite }): Promise<Estimates>
  /** Gets all durations of a run at its end; what it throws is said and does not fail the run. */
  record(config: FullConfig, durations: readonly TestDuration[]): Promise<void>
  /** One line for people. */
  say(line: string): void
}

/** Splits shards by duration and collects what tests took; it prints nothing that Playwright's own reporters print. */
export class EverwarmReporter implements Reporter {
  readonly #options: ReporterOptions
  readonly #durations: TestDuration[] = []
  #config: FullConfig | undefined

  constructor(options: ReporterOptions) {
    this.#options = options
  }

  printsToStdio(): boolean {
    return false
  }

  /** An error here would leave this shard with other tests than the rest expects of it: it fails the run. */
  async preprocess(run: { config: FullConfig; suite: Suite; testRun: TestRun }): Promise<void> {
    if (!run.config.shard) return
    const summary = shardByDuration(run, await this.#options.estimates(run))
    if (!summary) return
    this.#options.say(shardLine(summary))
    const { configFile, reporter } = run.config
    const isMergedLater = reporter.some(([name]) => name === 'blob')
    if (configFile !== undefined && isMergedLater && summary.current === 1) this.#options.say(mergeLine(configFile))
  }

  onBegin(config: FullConfig): void {
    this.#config = config
  }

  onTestEnd(test: TestCase, result: TestResult): void {
    if (result.status !== 'passed' && result.status !== 'failed') return
    const [, project = '', file = '', ...titles] = test.titlePath()
    const { browserName, defaultBrowserType } = test.parent.project()?.use ?? {}
    this.#durations.push({
      id: test.id,
      project,
      browser: browserName ?? defaultBrowserType ?? 'chromium',
      file,
      titles,
      durationMs: result.duration,
      outcome: result.status,
      startedMs: result.startTime.getTime(),
    })
  }

  /** @throws EverwarmError PLANS_DIFFER, by which a merge fails: it asks for no status */
  async onEnd(result: FullResult): Promise<void> {
    // Reports that are merged have the metadata of all shards; the run of one shard only its own.
    const isMerged = this.#config !== undefined && this.#config.shard === null
    const fault = isMerged ? planFault(this.#config!.metadata) : undefined
    if (fault !== undefined) {
      // Reporters for files, html among them, do not show the errors of others.
      this.#options.say(`${fault} Run all shards again from the same timings.`)
      throw plansDiffer(fault)
    }
    if (this.#config && this.#durations.length > 0 && result.status !== 'interrupted') await this.#record(this.#config)
  }

  async #record(config: FullConfig): Promise<void> {
    try {
      await this.#options.record(config, this.#durations)
    } catch (error) {
      this.#options.say(`the durations of this run were not kept: ${(error as Error).message}`)
    }
  }
}

function plansDiffer(fault: string): EverwarmError {
  const error = new EverwarmError('PLANS_DIFFER', { message: fault, hint: 'Run all shards again from the same timings.' })
  // Playwright prints the stack, which would say where in here this was found out.
  error.stack = `${error.code}: ${error.message}`
  return error
}

/** Without a configuration a merge loads nothing but Playwright's own reporters, and nobody would compare the plans. */
function mergeLine(configFile: string): string {
  const command = `npx playwright merge-reports --config=${relative(process.cwd(), configFile)} DIR`
  return `merge by \`${command}\`: without \`--config\` nothing compares the plans, and shards of other timings go unnoticed`
}

function shardLine({ current, total, shards, hash }: ShardSummary): string {
  const own = shards[current - 1]!
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`
  const all = shards.map(({ ms }) => seconds(ms)).join(', ')
  return `shard ${current}/${total}: ${own.tests} tests, ${seconds(own.ms)} expected (all: ${all}), plan ${hash}`
}
