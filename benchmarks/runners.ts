import { measure, quietCpuMs, type Measurement } from './measure.ts'
import { Warmth } from './pool.ts'
import { BenchError, bunBinary } from './projects.ts'
import type { Sample } from './report.ts'
import type { RunnerName, Suite } from './rows.ts'

export const MAX_WORKERS = 2

/** One timed run. `warmth` is the daemon of the warm runs; a cold run makes and ends its own. */
export async function runOnce(suite: Suite, folder: string, runner: RunnerName, warmth: Warmth): Promise<Sample> {
  if (runner === 'everwarm') return sampleOf(suite, runner, await runWarm(suite, folder, warmth))
  if (runner === 'everwarm-cold') {
    const cold = new Warmth({ project: folder })
    try {
      return sampleOf(suite, runner, await runWarm(suite, folder, cold))
    } finally {
      cold.end()
    }
  }
  const env = { ...process.env, EVERWARM: '0', ...kindOf(suite) }
  if (runner === 'bun') {
    const args = ['test', '--isolate', `--parallel=${MAX_WORKERS}`, ...(suite.only ? [suite.only] : [])]
    return sampleOf(suite, runner, checked(await measure(bunBinary(folder), args, { cwd: folder, env }), runner))
  }
  return sampleOf(
    suite,
    runner,
    checked(
      await measure(process.execPath, vitestArgs(suite, 'vitest.config.ts', ['--pool', runner]), { cwd: folder, env }),
      runner,
    ),
  )
}

/** A run with everwarm; what its daemon and hosts use during the run, and after it until they are quiet, counts as its own. */
export async function runWarm(suite: Suite, folder: string, warmth: Warmth): Promise<Measurement> {
  const daemonBefore = (await warmth.status())?.daemon.pid
  const before = daemonBefore === undefined ? 0 : await quietCpuMs(daemonBefore)
  const env = { ...warmth.env, ...kindOf(suite) }
  const run = checked(await measure(process.execPath, vitestArgs(suite, 'everwarm.config.ts'), { cwd: folder, env }), 'everwarm')
  const daemon = (await warmth.status())?.daemon.pid
  if (daemon === undefined || /everwarm.*not used/.test(run.output))
    throw new BenchError('NOT_MEASURED', `everwarm did not take part:\n${lastLines(run.output)}`)
  const after = await quietCpuMs(daemon)
  return { ...run, cpuMs: run.cpuMs + after - (daemon === daemonBefore ? before : 0) }
}

export const vitestArgs = (suite: Suite, config: string, more: string[] = []) => [
  'node_modules/vitest/vitest.mjs',
  'run',
  '--config',
  config,
  `--maxWorkers=${MAX_WORKERS}`,
  ...more,
  ...(suite.only ? [suite.only] : []),
]

const kindOf = (suite: Suite): Record<string, string> => (suite.kind ? { KIND: suite.kind } : {})
const lastLines = (text: string) => text.split('\n').slice(-30).join('\n')
const sampleOf = (suite: Suite, runner: RunnerName, { wallMs, cpuMs }: Measurement): Sample => ({
  suite: suite.name,
  runner,
  wallMs,
  cpuMs,
})

/** A run that failed has measured something else. */
function checked(run: Measurement, runner: string): Measurement {
  if (run.exitCode !== 0)
    throw new BenchError('RUN_FAILED', `${runner} ended with exit code ${run.exitCode}:\n${lastLines(run.output)}`)
  return run
}
