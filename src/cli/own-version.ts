import { readFileSync } from 'node:fs'

/** As in package.json, from `src/cli` as from `dist/cli`. */
export const ownVersion = () =>
  (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version
