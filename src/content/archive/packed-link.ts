import { posix } from 'node:path'
import { linkFault } from './check-entries.ts'

/** Hears of a link that leads out of what is packed, and is left out: whoever unpacks would refuse the whole archive for it. */
export type HearLinkOutside = (path: string, target: string) => void

/**
 * Where a link leads in an archive: an absolute one into the folder that is packed becomes relative.
 * @param path of the link, relative to that folder
 * @param roots absolute paths of that folder, as links may call it
 * @returns undefined: it leads outside
 */
export function packedLink(target: string, path: string, roots: readonly string[]): string | undefined {
  const inside = target.startsWith('/') ? insideOf(posix.normalize(target), roots) : undefined
  const packed =
    inside === undefined ? target : posix.relative(posix.join('/', posix.dirname(path)), posix.join('/', inside)) || '.'
  return linkFault(packed, path.split('/').length - 1) === undefined ? packed : undefined
}

function insideOf(target: string, roots: readonly string[]): string | undefined {
  for (const root of roots) {
    const folder = root.replace(/\/+$/, '')
    if (target === folder || target.startsWith(`${folder}/`)) return target.slice(folder.length + 1)
  }
  return undefined
}
