import type { Readable } from 'node:stream'
import type { TarHeader } from 'modern-tar'
import type { GlobPatterns } from '../../contracts/workflow/globs.ts'
import { type GlobOptions, pathMatcher } from '../glob.ts'
import { entryChecker } from './check-entries.ts'
import { withoutFullFolders } from './empty-folders.ts'
import { type HearLinkOutside, packedLink } from './packed-link.ts'
import { type ArchiveLimits, DEFAULT_LIMITS, refusedEntry } from './limits.ts'
import { readTar } from './read-tar.ts'
import { gzipped, type WrittenEntry, writeTar } from './write-tar.ts'

export interface RepackOptions extends GlobOptions {
  /** Folder in the archive that becomes its root, such as `repo`; what is not in it is left out. */
  strip: string
  /** Relative to that folder. */
  patterns?: GlobPatterns
  limits?: ArchiveLimits
  /** Absolute path of that folder where the tar was made: links into it become relative. */
  root?: string
  /** As of `packFolder`; absent: a link that leaves the folder ends the archive with ARCHIVE_REFUSED. */
  onLinkOutside?: HearLinkOutside
}

/**
 * A tar as container engines give it, filtered, as `packFolder` would have written it. The order stays: engines walk folders in the
 * order of names, too.
 * @returns gzipped; ends with ARCHIVE_REFUSED where a link leaves `strip`, or a hard link's file is not among what is wanted
 */
export function repack(tar: Readable, options: RepackOptions): Readable {
  return gzipped(writeTar(withoutFullFolders(wanted(tar, options))))
}

async function* wanted(tar: Readable, options: RepackOptions) {
  const { strip, patterns, limits = DEFAULT_LIMITS, hidden = false } = options
  const isMeant = patterns ? pathMatcher(patterns, { hidden }) : () => true
  const check = entryChecker()
  const prefix = strip === '' ? '' : `${strip.replace(/^\/+|\/+$/g, '')}/`
  for await (const { header, body } of readTar(tar, limits).entries) {
    const name = inside(header.name, prefix)
    if (name === undefined || !isMeant(name)) continue
    const linkname = header.type === 'link' ? inside(header.linkname ?? '', prefix) : linkTarget(header, name, options)
    if (linkname === undefined && header.type === 'symlink') continue
    if (linkname === undefined) throw refusedEntry(name, 'a hard link to what is not in the folder')
    const entry: WrittenEntry = { ...check({ ...header, name, linkname }), body }
    yield entry
  }
}

/** Undefined: it leads outside, and has been told. */
function linkTarget({ type, linkname = '' }: TarHeader, name: string, { root, onLinkOutside }: RepackOptions) {
  const target = type === 'symlink' ? packedLink(linkname, name, root === undefined ? [] : [root]) : linkname
  if (target !== undefined || !onLinkOutside) return target ?? linkname
  onLinkOutside(name, linkname)
  return undefined
}

/** Undefined: it is not in the folder, or the folder itself. */
function inside(name: string, prefix: string): string | undefined {
  const plain = name.replace(/^(\.\/)+/, '').replace(/\/+$/, '')
  return plain.startsWith(prefix) && plain.length > prefix.length ? plain.slice(prefix.length) : undefined
}
