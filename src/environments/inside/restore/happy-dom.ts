import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * happy-dom lists every window that was not closed by its opener in a static map, and with it all that a file has
 * made. @returns what empties that list, between files; null where this version has none
 */
export async function windowList(packageFolder: string): Promise<(() => void) | null> {
  try {
    const path = join(packageFolder, 'lib', 'window', 'WindowBrowserContext.js')
    const { default: owner } = (await import(pathToFileURL(path).href)) as { default: Record<symbol, unknown> }
    const maps = Object.getOwnPropertySymbols(owner).map((key) => owner[key])
    const list = maps.find((value): value is Map<unknown, unknown> => value instanceof Map)
    return list ? () => list.clear() : null
  } catch {
    return null // another version keeps its windows elsewhere; the host's limit of memory ends it in time
  }
}
