import { readFileSync } from 'node:fs'

/**
 * The version of this package, from its package.json: the same distance from `src` and from `dist`.
 * In a checkout the build adds `dist/build-id`, a sum over the code: or a daemon, and hosts, of yesterday's code would serve today's tests.
 */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string }
  const build = buildId()
  return build === '' ? version : `${version}+${build}`
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
