import { readFileSync } from 'node:fs'
import { ownVersion } from '../../system/own-version.ts'

/**
 * The version of this package.
 * In a checkout the build adds `dist/build-id`, a sum over the code: or a daemon, and hosts, of yesterday's code would serve today's tests.
 */
export function packageVersion(): string {
  const build = buildId()
  return build === '' ? ownVersion() : `${ownVersion()}+${build}`
}

function buildId(): string {
  try {
    return readFileSync(new URL('../../build-id', import.meta.url), 'utf8')
      .trim()
      .slice(0, 40)
  } catch {
    // Only builds in a checkout have one.
    return ''
  }
}
