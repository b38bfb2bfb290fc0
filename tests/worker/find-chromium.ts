import { existsSync } from 'node:fs'

/** Where Debian has it, or what EVERWARM_CHROMIUM says. */
export function findChromium(): string | undefined {
  return [process.env.EVERWARM_CHROMIUM, '/usr/lib/chromium/chromium', '/usr/bin/chromium'].find(
    (path) => path && existsSync(path),
  )
}
