import type { EverwarmError } from '../../contracts/errors.ts'
import { readSettings, settingsFault } from '../../system/settings.ts'
import { isStockPool, isVmPool } from './stock-pool.ts'

/** What is known of a run or a project when it is decided whether everwarm may run its files. */
export interface RunFacts {
  nodeVersion: string
  vitestVersion: string
  env: Record<string, string | undefined>
  /** What is wrong with the options of everwarm. */
  optionsFault: EverwarmError | undefined
  /** `--pool` of the command line. */
  cliPool: string | undefined
  isInspecting: boolean
  mainExecArgv: readonly string[]
  detectAsyncLeaks: boolean
  openTelemetry: boolean
}

export interface ProjectSettings {
  pool: string
  browser: boolean
  benchmark: boolean
  viteModuleRunner: boolean
  execArgv: readonly string[]
  /** V8 counts what runs, by positions in the texts of modules. */
  hasV8Coverage: boolean
}

const NODE_AT_LEAST = [22, 12] as const

/** Why no file of this run goes through everwarm, or null. */
export function runRefusal(run: RunFacts): string | null {
  const ofVariables = settingsFault(run.env)
  if (!ofVariables && readSettings(run.env).isOn === false) return 'off (EVERWARM=0)'
  const fault = ofVariables ?? run.optionsFault
  if (fault) return `not used: ${fault.code}: ${fault.message} ${fault.hint}`
  const [major = 0, minor = 0] = run.nodeVersion.split('.').map(Number)
  if (major < NODE_AT_LEAST[0] || (major === NODE_AT_LEAST[0] && minor < NODE_AT_LEAST[1]))
    return `not used: Node ${run.nodeVersion} is older than ${NODE_AT_LEAST.join('.')}`
  if (Number(run.vitestVersion.split('.')[0]) < 4) return `not used: Vitest ${run.vitestVersion} is older than 4`
  if (run.cliPool !== undefined && run.cliPool !== 'everwarm') return `not used: --pool=${run.cliPool} was given`
  if (run.isInspecting) return 'not used: --inspect needs a process of its own'
  const profiler = run.mainExecArgv.find((argument) => PROFILERS.test(argument))
  if (profiler) return `not used: ${profiler} profiles whole processes`
  if (run.detectAsyncLeaks) return 'not used: --detect-async-leaks watches a whole process'
  if (run.openTelemetry) return 'not used: OpenTelemetry traces a whole process'
  // Vitest's own coverage does not use it: it is that of c8 and its like, written when a process ends
  if (run.env['NODE_V8_COVERAGE']) return 'not used: NODE_V8_COVERAGE counts whole processes'
  return null
}

/** Why the files of this project do not go through everwarm; `silent`: nothing worth a line. */
export function projectRefusal(project: ProjectSettings): string | 'silent' | null {
  if (project.browser) return 'silent'
  if (!isStockPool(project.pool)) return `not used: the configuration asks for pool "${project.pool}"`
  if (project.benchmark) return 'silent'
  // what runs in a context there was compiled for another one, and counted there
  if (project.hasV8Coverage && isVmPool(project.pool))
    return `not used: coverage by V8 is that of the pool "${project.pool}" itself`
  if (!project.viteModuleRunner) return 'not used: experimental.viteModuleRunner is off'
  const profiler = project.execArgv.find((argument) => PROFILERS.test(argument))
  return profiler ? `not used: ${profiler} needs a process of its own` : null
}

/** These commands and flags of Vitest end before any test runs, or run none here. */
const RUNS_NOTHING = new Set([
  'list',
  'init',
  '--help',
  '-h',
  '--version',
  '-v',
  '--clearCache',
  '--merge-reports',
  '--mergeReports',
  '--list-tags',
  '--listTags',
])

/**
 * Whether the process that loads the configuration is about to run tests through everwarm: only then is a daemon started ahead.
 * A guess from outside: what the configuration itself says is not known yet.
 */
export function willRunTests(argv: readonly string[], env: Record<string, string | undefined>): boolean {
  // Vitest sets VITEST before it loads the configuration; `vite build` does not. Workers and hosts have an id.
  if (env['VITEST'] !== 'true' || env['VITEST_WORKER_ID'] !== undefined) return false
  if (settingsFault(env) || readSettings(env).isOn === false) return false
  return !argv.slice(2).some((argument) => RUNS_NOTHING.has(argument.split('=')[0]!) || /^--(?:pool|inspect)/.test(argument))
}

const PROFILERS = /^--(?:inspect|cpu-prof|heap-prof|prof|perf|trace-|report|watch|test)/
