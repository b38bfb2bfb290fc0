import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserProfile, HostProfile, PoolProfile } from '../../contracts/profiles.ts'
import { writeAtomically } from '../../system/files.ts'
import { fixedEnv } from '../profile.ts'

/** A profile without its environment's values, which may be secrets. */
export interface RememberedProfile extends Omit<HostProfile, 'env'> {
  /** Variables that took part in its key: a host warmed without them fits no later run. */
  fixedEnvNames: string[]
}

const KEPT = 3
const pathIn = (home: string) => join(home, 'last-used.json')
const browserPathIn = (home: string) => join(home, 'last-browser.json')

/** The profiles leased last, latest first, one per root. Empty if there is no file, or none that can be read. */
export function lastUsed(home: string): RememberedProfile[] {
  try {
    const { profiles } = JSON.parse(readFileSync(pathIn(home), 'utf8')) as { profiles?: unknown }
    return Array.isArray(profiles) ? profiles.filter(isRemembered) : []
  } catch {
    // Absent at first, and no loss if broken: the next lease writes it anew.
    return []
  }
}

/** The browser leased last, without its environment; undefined if none is remembered. */
export function lastBrowser(home: string): Omit<BrowserProfile, 'env' | 'environment'> | undefined {
  try {
    const found = JSON.parse(readFileSync(browserPathIn(home), 'utf8')) as Omit<BrowserProfile, 'env'>
    return typeof found.command === 'string' && Array.isArray(found.args) ? found : undefined
  } catch {
    // As above.
    return undefined
  }
}

function rememberBrowser(home: string, { command, args, cwd }: BrowserProfile): void {
  const before = lastBrowser(home)
  if (before?.command === command && JSON.stringify(before.args) === JSON.stringify(args)) return
  writeAtomically(browserPathIn(home), `${JSON.stringify({ command, args, cwd }, null, 2)}\n`)
}

/** Writes nothing if the latest is the same already. */
export function rememberUsed(home: string, profile: PoolProfile): void {
  if (profile.environment === 'chromium') return rememberBrowser(home, profile)
  if (profile.environment !== 'node') return
  const { env, ...rest } = profile
  const latest: RememberedProfile = { ...rest, fixedEnvNames: fixedEnv(env).map(([name]) => name) }
  const before = lastUsed(home)
  if (JSON.stringify(before[0]) === JSON.stringify(latest)) return
  const profiles = [latest, ...before.filter((other) => other.root !== latest.root)].slice(0, KEPT)
  writeAtomically(pathIn(home), `${JSON.stringify({ profiles }, null, 2)}\n`)
}

function isRemembered(value: unknown): value is RememberedProfile {
  const { nodePath, root, execArgv, preload } = (value ?? {}) as Partial<RememberedProfile>
  return typeof nodePath === 'string' && typeof root === 'string' && Array.isArray(execArgv) && Array.isArray(preload)
}
