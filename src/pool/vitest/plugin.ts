import type { TestProject, Vitest } from 'vitest/node'
import { projectRefusal, runRefusal, type ProjectSettings, type RunFacts } from './eligible.ts'

/** Reads what `eligible.ts` decides on; every field is optional here, because Vitest 4 lacks some. */
export function runFacts({ config, version }: Vitest): RunFacts {
  const { cliOptions, coverage, experimental } = config as Partial<Vitest['config']>
  const cliPool: unknown = cliOptions?.pool
  return {
    nodeVersion: process.versions.node,
    vitestVersion: version,
    env: process.env,
    cliPool: typeof cliPool === 'string' ? cliPool : undefined,
    isInspecting: Boolean(config.inspect || config.inspectBrk || config.inspector?.enabled),
    mainExecArgv: process.execArgv,
    coverage: { enabled: coverage?.enabled ?? false, provider: coverage?.provider },
    detectAsyncLeaks: config.detectAsyncLeaks ?? false,
    openTelemetry: experimental?.openTelemetry?.enabled ?? false,
  }
}

export function projectSettings({ config }: TestProject): ProjectSettings {
  return {
    pool: config.pool,
    browser: config.browser?.enabled ?? false,
    benchmark: (config.benchmark as { enabled?: boolean } | undefined)?.enabled ?? false,
    viteModuleRunner: config.experimental?.viteModuleRunner ?? true,
    execArgv: config.execArgv ?? [],
  }
}

/** Why this project stays with what it has, or null; `silent` when nobody needs to be told. */
export function refusal(vitest: Vitest, project: TestProject): string | 'silent' | null {
  const ofProject = projectRefusal(projectSettings(project))
  return ofProject === 'silent' ? ofProject : (runRefusal(runFacts(vitest)) ?? ofProject)
}
