import type { PoolRunnerInitializer, TestProject, Vitest } from 'vitest/node'
import { daemonConnector, type DaemonConnector } from './pool/vitest/daemon-leaser.ts'
import { willRunTests } from './pool/vitest/eligible.ts'
import { notice } from './pool/vitest/notice.ts'
import { settingsOf, type EverwarmOptions } from './pool/vitest/options.ts'
import { refusal } from './pool/vitest/plugin.ts'
import { WarmWorker } from './pool/vitest/pool-worker.ts'
import { sessionOf } from './pool/vitest/session.ts'

export type { EverwarmOptions } from './pool/vitest/options.ts'

/** A Vite plugin, without naming Vite's type: the user's Vite may be another version than ours. */
export interface EverwarmPlugin {
  name: string
  configureVitest(context: { vitest: Vitest; project: TestProject }): void
}

/**
 * Runs every test file in a warm host instead of a new process: `plugins: [everwarm()]`.
 * Where it cannot, the files run as without it, and one line on stderr says why.
 */
export function everwarm(options: EverwarmOptions = {}): EverwarmPlugin {
  const daemon = daemonConnector(`vitest ${process.cwd()}`)
  if (!options.leaser && willRunTests(process.argv, process.env)) daemon.begin()
  const initializer = warmPool(options, daemon)
  return {
    name: 'everwarm',
    configureVitest({ vitest, project }) {
      const why = refusal(vitest, project)
      if (why === null) {
        project.config.pool = initializer.name as typeof project.config.pool
        project.config.poolRunner = initializer
      } else if (why !== 'silent') notice(vitest, why)
    },
  }
}

/** The pool by itself, for `test.pool: pool()`. */
export function pool(options: EverwarmOptions = {}): PoolRunnerInitializer {
  return warmPool(options, daemonConnector(`vitest ${process.cwd()}`))
}

function warmPool(options: EverwarmOptions, daemon: DaemonConnector): PoolRunnerInitializer {
  const settings = settingsOf(options, process.env)
  const newLeaser = options.leaser ?? daemon.leaser
  return {
    name: 'everwarm',
    createPoolWorker: (poolOptions) => new WarmWorker(poolOptions, sessionOf(poolOptions.project.vitest, settings, newLeaser)),
  }
}
