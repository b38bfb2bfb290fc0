import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { HostProfile } from '../../contracts/protocol.ts'
import type { RememberedProfile } from '../daemon/last-used.ts'

/** What is known of a run before its configuration is read. */
export interface RunStart {
  cwd: string
  nodePath: string
  argv: readonly string[]
  env: Readonly<Record<string, string | undefined>>
  cacheDir: string
}

/**
 * The profile that a run will most likely ask for, so that its host can start while Vite loads: the one that this
 * folder used last, else a guess. A wrong one costs the start of a host that nobody leases.
 * @returns undefined where no Vitest is installed
 */
export function expectedProfile(start: RunStart, lastUsed: readonly RememberedProfile[]): HostProfile | undefined {
  const env = Object.fromEntries(Object.entries(start.env).filter((entry): entry is [string, string] => entry[1] !== undefined))
  const known = lastUsed.find(
    ({ root, nodePath, vitestPackage }) => root === start.cwd && nodePath === start.nodePath && existsSync(vitestPackage),
  )
  if (known) {
    const { fixedEnvNames: _, ...profile } = known
    return { ...profile, env }
  }
  const vitestPackage = installedVitest(start.cwd)
  if (vitestPackage === undefined) return undefined
  const { cwd, nodePath, cacheDir } = start
  return { nodePath, execArgv: [], env, cwd, root: cwd, vitestPackage, preload: guessedEnvironments(start), cacheDir }
}

function installedVitest(cwd: string): string | undefined {
  try {
    return createRequire(join(cwd, 'package.json')).resolve('vitest/package.json')
  } catch {
    // Vitest runs from somewhere else: nothing can be guessed about it.
    return undefined
  }
}

const CONFIGS = ['vitest.config', 'vite.config'].flatMap((name) =>
  ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs'].map((ending) => `${name}.${ending}`),
)
const ENVIRONMENT = /(?:\benvironment\s*:\s*|--environment[= ])['"]?(jsdom|happy-dom|edge-runtime)\b/

/** The environment that the command line or the text of the configuration names; loading it is most of a host's start. */
function guessedEnvironments({ cwd, argv }: RunStart): string[] {
  const texts = [argv.join(' '), argv.includes('--dom') ? '--environment=happy-dom' : '']
  const config = CONFIGS.map((name) => join(cwd, name)).find((path) => existsSync(path))
  if (config !== undefined) texts.push(readFileSync(config, 'utf8'))
  const named = texts.map((text) => ENVIRONMENT.exec(text)?.[1]).find((name) => name !== undefined)
  return named === undefined ? [] : [named]
}
