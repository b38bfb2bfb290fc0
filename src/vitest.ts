import type { PoolRunnerInitializer, Reporter, ResolvedConfig, TestModule, TestSequencerConstructor } from 'vitest/node'
import { whenRunning } from './environments/vitest/announce.ts'
import { daemonConnector, type DaemonConnector } from './pool/vitest/daemon-leaser.ts'
import { willRunTests } from './pool/vitest/eligible.ts'
import { settingsOf, type EverwarmOptions } from './pool/vitest/options.ts'
import { everwarmPlugin, type EverwarmPlugin } from './pool/vitest/plugin.ts'
import { RoutedWorker } from './pool/vitest/runtimes/routed-worker.ts'
import { type PoolSettings, sessionOf } from './pool/vitest/session.ts'
import { loadTimings, timingsReporter } from './reporter/vitest.ts'
import { type ShardingOptions, timedSequencer } from './sharding/vitest.ts'
import { type Env, readSettings } from './system/settings.ts'

export type { EverwarmOptions } from './pool/vitest/options.ts'
export type { ProjectRuntime } from './pool/vitest/runtimes/option.ts'
export type { EverwarmPlugin } from './pool/vitest/plugin.ts'
export type { ShardingOptions } from './sharding/vitest.ts'
export type { Strategy } from './sharding/strategy.ts'

/**
 * Runs every test file in a warm host instead of a new process: `plugins: [everwarm()]`.
 * Where it cannot, the files run as without it, and one line on stderr says why.
 */
export function everwarm(options: EverwarmOptions = {}): EverwarmPlugin {
  const daemon = connector()
  const settings = settingsOf(options, process.env)
  // A cold daemon boots while Vite loads; nobody waits for it here.
  if (!options.leaser && !settings.fault && willRunTests(process.argv, process.env))
    whenRunning(daemon.begin, () => void Promise.all([daemon.load(), loadTimings()]))
  const plugin = everwarmPlugin(warmPool(options, settings, daemon), settings.fault)
  const { sharding = {} } = options
  if (sharding === false || !isOn(process.env)) return plugin
  return {
    ...plugin,
    configureServer(server) {
      plugin.configureServer(server)
      useSharding((server.config as { test?: ResolvedConfig }).test, sharding)
    },
    configureVitest(context) {
      plugin.configureVitest(context)
      useSharding(context.vitest.config, sharding)
    },
  }
}

/** The pool by itself, for `test.pool: pool()`. */
export function pool(options: EverwarmOptions = {}): PoolRunnerInitializer {
  return warmPool(options, settingsOf(options, process.env), connector())
}

/** The reporter by itself, for `test.reporters`: records timings, marks results of shards with their plan. */
export function timings(options: ShardingOptions = {}): Reporter {
  return timingsReporter({ ...options, temperatureOf })
}

/** The sequencer by itself, for `test.sequence.sequencer`; `Base` is Vitest's `BaseSequencer`, or one that extends it. */
export function sequencer(Base: TestSequencerConstructor, options: ShardingOptions = {}): TestSequencerConstructor {
  return timedSequencer(Base, options)
}

const temperatureOf = (module: TestModule) => ((module.project.config.pool as string) === 'everwarm' ? 'warm' : 'cold')

/** Not with a wrong setting either: the run is stock then, and the pool says which one it is. */
function isOn(env: Env): boolean {
  try {
    return readSettings(env).isOn ?? true
  } catch {
    return false
  }
}

const sharded = new WeakSet<ResolvedConfig>()

/** Once per run: a plugin is asked for every project. A sequencer of the user's own is left to it. */
function useSharding(root: ResolvedConfig | undefined, options: ShardingOptions): void {
  const Base = root?.sequence?.sequencer
  if (!root || sharded.has(root) || (Base?.name !== 'BaseSequencer' && Base?.name !== 'RandomSequencer')) return
  sharded.add(root)
  root.sequence.sequencer = timedSequencer(Base, options)
  root.reporters.push(timings(options) as never)
}

const connector = () => daemonConnector(`vitest ${process.cwd()}`)

function warmPool(options: EverwarmOptions, settings: PoolSettings, daemon: DaemonConnector): PoolRunnerInitializer {
  const newLeaser = options.leaser ?? daemon.leaser
  return {
    name: 'everwarm',
    createPoolWorker: (given) => new RoutedWorker(given, sessionOf(given.project.vitest, settings, newLeaser)),
  }
}
