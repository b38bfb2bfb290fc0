import type { PoolRunnerInitializer, ResolvedConfig, TestProject, Vitest } from 'vitest/node'
import type { EverwarmError } from '../../contracts/errors.ts'
import { type BrowserModeConfig, lendWhereUsed } from './browser-mode.ts'
import { projectRefusal, runRefusal, type ProjectSettings, type RunFacts } from './eligible.ts'
import { notice } from './notice.ts'
import { CLOUDFLARE_POOL, workerdAhead } from './runtimes/ahead.ts'
import { runtimeOfProject } from './runtimes/option.ts'
import { rememberStockPool } from './stock-pool.ts'

/** A Vite plugin, without naming Vite's type: the user's Vite may be another version than ours. */
export interface EverwarmPlugin {
  name: string
  config(config: object): Promise<void>
  configureServer(server: { config: object }): void
  configureVitest(context: { vitest: Vitest; project: TestProject }): void
}

/** @param fault what is wrong with its options */
export function everwarmPlugin(pool: PoolRunnerInitializer, fault?: EverwarmError): EverwarmPlugin {
  return {
    name: 'everwarm',
    async config(config) {
      if (!fault) await lendWhereUsed((config as { test?: BrowserModeConfig }).test)
    },
    /**
     * Projects with a configuration file of their own do not have the plugins of the root, and a root without
     * tests of its own is no project: its server is the one place where all of them can be reached.
     */
    configureServer({ config }) {
      const root = (config as { test?: RootConfig }).test
      for (const { projectConfig, viteConfig } of root?.resolvedProjects ?? []) {
        const isOurs = (viteConfig as { plugins?: readonly { name: string }[] }).plugins?.some(({ name }) => name === 'everwarm')
        if (!isOurs) usePool({ pool, fault }, root!, projectConfig, process.stderr)
      }
    },
    configureVitest({ vitest, project }) {
      usePool({ pool, fault }, vitest.config, project.config, vitest.logger.errorStream as NodeJS.WritableStream, vitest.version)
    },
  }
}

/** Vitest keeps the resolved projects here, but does not document it. */
type RootConfig = ResolvedConfig & { resolvedProjects?: { projectConfig: ResolvedConfig; viteConfig: object }[] }

function usePool(
  { pool, fault }: { pool: PoolRunnerInitializer; fault: EverwarmError | undefined },
  run: ResolvedConfig,
  project: ResolvedConfig,
  errors: NodeJS.WritableStream,
  version = '5.0.0',
) {
  const ofProject = projectRefusal(projectSettings(project, run.coverage))
  // Thrown, and no line on stderr: what is meant for another runtime must not pass in this one.
  const runtime = runtimeOfProject(project)
  const ofRun = runRefusal(runFacts(run, version, fault))
  const why = ofProject === 'silent' ? ofProject : (ofRun ?? ofProject)
  if (runtime === 'workerd' && ofRun === null) startAhead(run)
  // Its plugin has set its own pool, or is going to: that one starts workerd by itself.
  if (runtime === 'workerd' && String(project.pool) === CLOUDFLARE_POOL) return
  if (why === null) {
    // the VM pools have no isolation in Vitest's words, and a context per file: with ours each file has to be asked for alone
    if (rememberStockPool(project, project.pool) !== 'forks') project.isolate = true
    project.pool = pool.name as typeof project.pool
    project.poolRunner = pool
  } else if (runtime !== undefined && ofProject === null && runFacts(run, version, fault).cliPool === undefined) {
    // Files for another runtime are not run in this one because nothing can be kept warm for them.
    project.pool = pool.name as typeof project.pool
    project.poolRunner = pool
    notice(errors, why as string)
  } else if (why !== 'silent') notice(errors, why)
}

const ahead = new WeakSet<ResolvedConfig>()

/** Once per run, however many projects there are. */
function startAhead(run: ResolvedConfig): void {
  if (ahead.has(run)) return
  ahead.add(run)
  run.reporters.push(workerdAhead() as never)
}

/** Reads what `eligible.ts` decides on; fields are optional here, because Vitest 4 lacks some. */
export function runFacts(config: ResolvedConfig, vitestVersion: string, optionsFault: EverwarmError | undefined): RunFacts {
  const { cliOptions, experimental, inspector } = config as Partial<ResolvedConfig>
  const cliPool: unknown = cliOptions?.pool
  return {
    nodeVersion: process.versions.node,
    vitestVersion,
    env: process.env,
    optionsFault,
    cliPool: typeof cliPool === 'string' ? cliPool : undefined,
    isInspecting: Boolean(config.inspect || config.inspectBrk || inspector?.enabled),
    mainExecArgv: process.execArgv,
    detectAsyncLeaks: config.detectAsyncLeaks ?? false,
    openTelemetry: experimental?.openTelemetry?.enabled ?? false,
  }
}

function projectSettings(config: ResolvedConfig, coverage: ResolvedConfig['coverage'] | undefined): ProjectSettings {
  return {
    pool: config.pool,
    browser: config.browser?.enabled ?? false,
    benchmark: (config.benchmark as { enabled?: boolean } | undefined)?.enabled ?? false,
    viteModuleRunner: config.experimental?.viteModuleRunner ?? true,
    execArgv: config.execArgv ?? [],
    hasV8Coverage: coverage?.enabled === true && coverage.provider !== 'istanbul',
  }
}
