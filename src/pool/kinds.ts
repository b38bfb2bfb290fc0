import { createHash } from 'node:crypto'
import type { Environment, PoolProfile, ProfileOf } from '../contracts/profiles.ts'
import { browserEnv, fixedEnv, lastingEnv, marks, rootMark, runtimeEnv } from './profile.ts'

/** Environments that share their places in the pool; families do not drive each other out. */
export type Family = 'node' | 'browser' | 'resident' | 'runtime'
export const FAMILIES: readonly Family[] = ['node', 'browser', 'resident', 'runtime']

interface Kind<Profile> {
  family: Family
  /** How many holders one host can have at once. */
  contexts: number | ((profile: Profile) => number)
  /** A host serves one lease and ends, so the next ones are opened while it works. */
  isSingleUse?: true
  /** What must be equal for a host to be shared; JSON. */
  identity(profile: Profile): unknown
  /** Whom a host belongs to, for people: a project's folder, or a browser's program. */
  owner(profile: Profile): string
  /** Changes when hosts opened before must not be lent any more. */
  mark(profile: Profile): string
}

/** All that the pool has to know of an environment. */
const KINDS: { [E in Environment]: Kind<ProfileOf<E>> } = {
  node: {
    family: 'node',
    contexts: 1,
    identity: ({ nodePath, execArgv, root, vitestPackage, env }) => [nodePath, execArgv, root, vitestPackage, fixedEnv(env)],
    owner: ({ root }) => root,
    mark: ({ root, vitestPackage }) => rootMark(root, vitestPackage),
  },
  chromium: {
    family: 'browser',
    contexts: 1,
    identity: ({ command, args, env }) => ['chromium', command, args, browserEnv(env)],
    owner: ({ command }) => command,
    mark: ({ command }) => marks([command]),
  },
  vitest: {
    family: 'resident',
    contexts: 1,
    identity: ({ nodePath, env, cwd, vitestPackage, argv, terminals }) => [
      'vitest',
      nodePath,
      cwd,
      vitestPackage,
      // Files and name pattern are told when all else is prepared.
      argv.filter((arg) => arg.startsWith('-') && !/^(?:-t|--test-?name-?pattern)(?:=|$)/i.test(arg)),
      terminals,
      lastingEnv(env),
    ],
    owner: ({ cwd }) => cwd,
    mark: ({ cwd, vitestPackage }) => rootMark(cwd, vitestPackage),
  },
  wasm: {
    family: 'runtime',
    // What waits in a host for a thread costs little; what waits here for a lease costs another host.
    contexts: 64,
    identity: ({ nodePath }) => ['wasm', nodePath],
    owner: ({ nodePath }) => nodePath,
    mark: ({ nodePath }) => marks([nodePath]),
  },
  'vitest-child': {
    family: 'runtime',
    contexts: 1,
    isSingleUse: true,
    identity: ({ runtime, command, args, root, vitestPackage, env }) => [
      runtime,
      command,
      args,
      root,
      vitestPackage,
      runtimeEnv(env),
    ],
    owner: ({ root }) => root,
    mark: ({ root, vitestPackage, command }) => `${rootMark(root, vitestPackage)} ${marks([command])}`,
  },
  runtime: {
    family: 'runtime',
    contexts: 8,
    identity: ({ runtime, command, env, cwd }) => ['runtime', runtime, command, Object.entries(env).sort(), cwd],
    owner: ({ cwd }) => cwd,
    mark: ({ command }) => marks([command]),
  },
  browser: {
    family: 'browser',
    // A session of WebDriver has a browser of its own.
    contexts: ({ driver }) => (driver === 'cdp' ? 16 : 1),
    identity: ({ name, driver, command, driverCommand, args, env }) => [
      'browser',
      name,
      driver,
      command,
      driverCommand,
      args,
      browserEnv(env),
    ],
    owner: ({ name, driver }) => `${name} (${driver})`,
    mark: ({ command, driverCommand }) => marks([command, driverCommand]),
  },
  api: {
    family: 'runtime',
    contexts: 256,
    identity: ({ env }) => ['api', Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1))],
    owner: () => 'connections',
    mark: ({ env }) => marks([env.NODE_EXTRA_CA_CERTS, env.SSL_CERT_FILE].filter((path) => path !== undefined)),
  },
}

const kindOf = (profile: PoolProfile) => KINDS[profile.environment] as Kind<PoolProfile>

export const familyOf = (profile: PoolProfile): Family => kindOf(profile).family
export const isSingleUse = (profile: PoolProfile): boolean => kindOf(profile).isSingleUse === true
export function contextsOf(profile: PoolProfile): number {
  const { contexts } = kindOf(profile)
  return typeof contexts === 'number' ? contexts : contexts(profile)
}
export const ownerOf = (profile: PoolProfile): string => kindOf(profile).owner(profile)
export const markOf = (profile: PoolProfile): string => kindOf(profile).mark(profile)

/** Equal keys can share hosts. 16 hex digits of a SHA-256. */
export function profileKey(profile: PoolProfile): string {
  return createHash('sha256')
    .update(JSON.stringify(kindOf(profile).identity(profile)))
    .digest('hex')
    .slice(0, 16)
}
