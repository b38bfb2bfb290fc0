import { EverwarmError } from '../contracts/errors.ts'

/** Package → what is installed for it: pg-boss is pinned, for its next versions cannot be installed everywhere. */
const INSTALL: Readonly<Record<string, string>> = { 'pg-boss': 'pg-boss@12.30.0' }

/**
 * All that is missing at once, instead of one after the other.
 * @throws EverwarmError PACKAGE_MISSING with the one line that installs them
 */
export function needPackages(names: readonly string[], isThere: (name: string) => boolean = isInstalled): void {
  const missing = names.filter((name) => !isThere(name))
  if (missing.length === 0) return
  throw new EverwarmError('PACKAGE_MISSING', {
    message: `The coordinator needs ${missing.join(', ')}, which ${missing.length === 1 ? 'is' : 'are'} not installed.`,
    hint: `Run \`npm install --save-dev ${missing.map((name) => INSTALL[name] ?? name).join(' ')}\`.`,
  })
}

function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name)
    return true
  } catch {
    // Not found from here, which is where it would be imported.
    return false
  }
}
