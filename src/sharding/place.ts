import { existsSync, realpathSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { type Env, readSettings } from '../system/settings.ts'

/**
 * Where a project's timings are.
 * `EVERWARM_TIMINGS` may name a folder (another store), or a file that ends in `.jsonl`: plans are then made from that file alone,
 * which is committed or handed to every shard, and runs are still recorded in the project's own store.
 */
export interface TimingsPlace {
  /** Folder of the store. */
  store: string
  /** The file that plans are made from; undefined: the store. */
  file?: string
  /** Files are known by their path from here. */
  root: string
}

/**
 * @param option what a configuration says; stronger than the environment
 * @throws EverwarmError CONFIG_INVALID
 */
export function timingsPlace(folder: string, env: Env, option?: string): TimingsPlace {
  const root = projectRoot(folder)
  const own = join(root, 'node_modules', '.cache', 'everwarm', 'timings')
  const chosen = option ?? readSettings(env).timings
  if (!chosen) return { store: own, root }
  const path = resolve(option === undefined ? process.cwd() : root, chosen)
  return path.endsWith('.jsonl') ? { store: own, file: path, root } : { store: path, root }
}

/** The nearest folder with a package.json, else the folder itself. A real path: hosts name their files so. */
export function projectRoot(folder: string): string {
  const start = existsSync(folder) ? realpathSync(folder) : resolve(folder)
  for (let at = start; ; at = dirname(at)) {
    if (existsSync(join(at, 'package.json'))) return at
    if (dirname(at) === at) return start
  }
}

/** A file as timings know it: from the root, with `/`. A file outside the root begins with `../`. */
export function knownPath(root: string, file: string): string {
  const path = isAbsolute(file) ? relative(root, file) : file
  return sep === '/' ? path : path.replaceAll(sep, '/')
}

/**
 * The id that a CI system gives to all jobs of one run.
 * @see https://docs.github.com/actions/reference/workflows-and-actions/variables (GITHUB_RUN_ID stays when jobs are run again)
 */
export function runIdOf(env: Env): string | undefined {
  return (
    readSettings(env).runId ||
    env['GITHUB_RUN_ID'] ||
    env['CI_PIPELINE_ID'] ||
    env['CIRCLE_WORKFLOW_ID'] ||
    env['BUILDKITE_BUILD_ID'] ||
    env['BUILD_BUILDID'] ||
    undefined
  )
}
