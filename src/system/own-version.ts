import { readFileSync } from 'node:fs'

/** As in everwarm's package.json, from `src` as from `dist`; `unknown` where a bundler has taken the code away from its package. */
export function ownVersion(): string {
  try {
    const file = new URL('../../package.json', import.meta.url)
    return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
  } catch {
    // Only told to people, and compared with that of other processes of the same code.
    return 'unknown'
  }
}
