import type { PoolRunnerInitializer } from 'vitest/node'
import { daemonConnector, type DaemonConnector } from './pool/vitest/daemon-leaser.ts'
import { willRunTests } from './pool/vitest/eligible.ts'
import { cacheFolder, settingsOf, type EverwarmOptions } from './pool/vitest/options.ts'
import { everwarmPlugin, type EverwarmPlugin } from './pool/vitest/plugin.ts'
import { WarmWorker } from './pool/vitest/pool-worker.ts'
import { sessionOf } from './pool/vitest/session.ts'

export type { EverwarmOptions } from './pool/vitest/options.ts'
export type { EverwarmPlugin } from './pool/vitest/plugin.ts'

/**
 * Runs every test file in a warm host instead of a new process: `plugins: [everwarm()]`.
 * Where it cannot, the files run as without it, and one line on stderr says why.
 */
export function everwarm(options: EverwarmOptions = {}): EverwarmPlugin {
  const daemon = connector()
  // A cold daemon boots while Vite loads; nobody waits for it here.
  if (!options.leaser && willRunTests(process.argv, process.env)) daemon.begin()
  return everwarmPlugin(warmPool(options, daemon))
}

/** The pool by itself, for `test.pool: pool()`. */
export function pool(options: EverwarmOptions = {}): PoolRunnerInitializer {
  return warmPool(options, connector())
}

const connector = () => daemonConnector(`vitest ${process.cwd()}`, cacheFolder(process.env))

function warmPool(options: EverwarmOptions, daemon: DaemonConnector): PoolRunnerInitializer {
  const settings = settingsOf(options, process.env)
  const newLeaser = options.leaser ?? daemon.leaser
  return {
    name: 'everwarm',
    createPoolWorker: (given) => new WarmWorker(given, sessionOf(given.project.vitest, settings, newLeaser)),
  }
}
