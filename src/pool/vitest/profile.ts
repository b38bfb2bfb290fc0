import { join } from 'node:path'
import type { PoolOptions } from 'vitest/node'
import type { StockPool } from '../../contracts/host-wire.ts'
import type { HostProfile } from '../../contracts/profiles.ts'
import { definedOnly } from '../../system/settings.ts'
import { profileKey } from '../kinds.ts'
import type { KeyedProfile } from './keeper.ts'
import { stockPoolOf } from './stock-pool.ts'

/** What all worlds of one project and run have in common. */
export interface ProjectFacts {
  wanted: KeyedProfile
  env: Record<string, string>
  /** See `begin` in contracts/host-wire.ts. */
  runId: string
  pool: StockPool
  /** Set when the configuration of the project turned out not to be serializable. */
  unsendable?: Error
}

let runs = 0

/** Vitest makes one environment object per project and run: its identity tells a new run from an old one. */
const factsByEnv = new WeakMap<object, ProjectFacts>()
const ranBefore = new WeakSet<object>()

/** @param onRerun called when watch mode begins another run of a project */
export function projectFacts(options: PoolOptions, cacheDir: string, onRerun: () => void): ProjectFacts {
  let facts = factsByEnv.get(options.env)
  if (!facts) {
    const profile = hostProfile(options, cacheDir)
    const pool = stockPoolOf(options.project.config)
    facts = { pool, env: profile.env, runId: `${process.pid}-${++runs}`, wanted: { key: profileKey(profile), profile } }
    factsByEnv.set(options.env, facts)
    if (ranBefore.has(options.project)) onRerun()
    ranBefore.add(options.project)
  }
  return facts
}

function hostProfile({ env, execArgv, environment, distPath, project }: PoolOptions, cacheDir: string): HostProfile {
  const isVm = stockPoolOf(project.config) !== 'forks'
  return {
    environment: 'node',
    nodePath: process.execPath,
    // as Vitest starts its own VM workers
    execArgv: isVm ? [...execArgv, '--experimental-vm-modules'] : execArgv,
    env: definedOnly(env),
    cwd: process.cwd(),
    root: project.config.root,
    vitestPackage: join(distPath, '..', 'package.json'),
    preload: environment.name === 'node' ? [] : [environment.name],
    cacheDir,
  }
}
