import type { TarHeader } from 'modern-tar'
import { refusedEntry } from './limits.ts'

/** An entry whose names are known to stay inside. */
export interface CheckedEntry {
  kind: 'file' | 'folder' | 'link' | 'hard-link'
  /** Relative, with slashes, no `.`, no `..`; `''` is the root folder itself. */
  path: string
  /** Of a link: as it stands in the archive. Of a hard link: as `path`. */
  target?: string
  /** bytes, of a file */
  size: number
  /** Permission bits alone. */
  mode: number
}

const KINDS: Partial<Record<NonNullable<TarHeader['type']>, CheckedEntry['kind']>> = {
  file: 'file',
  directory: 'folder',
  symlink: 'link',
  link: 'hard-link',
}

/**
 * Judges one entry after the other, each with what came before it.
 *
 * A link may point at most up to the root, and only by `..` at its beginning: then the folder where it lies is a real one, every
 * step up is one of names, and, by induction, no chain of links leaves the root.
 * @throws (each call) EverwarmError ARCHIVE_REFUSED
 */
export function entryChecker(): (header: TarHeader) => CheckedEntry {
  const known = new Map<string, CheckedEntry['kind']>()
  return (header) => {
    const kind = KINDS[header.type ?? 'file']
    if (!kind) throw refusedEntry(header.name, `a ${header.type}`)
    const names = namesOf(header.name, header.name)
    const path = names.join('/')
    if (path === '' && kind !== 'folder') throw refusedEntry(header.name, 'which has no name')
    refusePassing(known, names, header.name)
    refuseTwice(known, path, kind, header.name)
    const target = targetOf(kind, header, names, known)
    known.set(path, kind)
    return { kind, path, ...(target === undefined ? {} : { target }), size: header.size, mode: (header.mode ?? 0o644) & 0o777 }
  }
}

function namesOf(text: string, name: string): string[] {
  if (text.includes('\0')) throw refusedEntry(name, 'whose name holds a NUL')
  if (text.startsWith('/')) throw refusedEntry(name, 'an absolute name')
  // oxlint-disable-next-line no-control-regex
  if (process.platform === 'win32' && /[\\:]/.test(text)) throw refusedEntry(name, 'which is more than a name on Windows')
  const names = text.split('/').filter((part) => part !== '' && part !== '.')
  if (names.includes('..')) throw refusedEntry(name, 'a name with `..`')
  return names
}

function refusePassing(known: ReadonlyMap<string, string>, names: readonly string[], name: string): void {
  let path = ''
  for (const part of names.slice(0, -1)) {
    path = path === '' ? part : `${path}/${part}`
    const kind = known.get(path)
    if (kind !== undefined && kind !== 'folder') throw refusedEntry(name, `whose name passes through the ${kind} ${path}`)
  }
}

/** A file that comes again replaces itself, as after `tar --append`; all else is a trick. */
function refuseTwice(known: ReadonlyMap<string, string>, path: string, kind: CheckedEntry['kind'], name: string): void {
  const before = known.get(path)
  if (before === undefined || (before === kind && (kind === 'file' || kind === 'folder'))) return
  throw refusedEntry(name, `a ${kind} where it has a ${before} already`)
}

function targetOf(
  kind: CheckedEntry['kind'],
  { name, linkname = '' }: TarHeader,
  names: readonly string[],
  known: ReadonlyMap<string, string>,
): string | undefined {
  if (kind === 'link') return linkTarget(linkname, names, name)
  if (kind !== 'hard-link') return undefined
  const target = namesOf(linkname, name).join('/')
  const found = known.get(target)
  if (found !== 'file' && found !== 'hard-link')
    throw refusedEntry(name, 'a hard link to what is no file before it in the archive')
  return target
}

function linkTarget(target: string, names: readonly string[], name: string): string {
  const fault = linkFault(target, names.length - 1)
  if (fault !== undefined) throw refusedEntry(name, fault)
  return target
}

/**
 * What is wrong with where a link leads; undefined: nothing, it stays inside.
 * @param depth how many folders it lies in
 */
export function linkFault(target: string, depth: number): string | undefined {
  if (target === '' || target.includes('\0')) return 'a link to nothing'
  if (target.startsWith('/') || (process.platform === 'win32' && /[\\:]/.test(target))) return 'a link to an absolute path'
  const parts = target.split('/').filter((part) => part !== '' && part !== '.')
  const firstName = parts.findIndex((part) => part !== '..')
  const ups = firstName === -1 ? parts.length : firstName
  if (ups > depth) return 'a link that leaves the folder'
  return parts.slice(ups).includes('..') ? 'a link that goes down and up again' : undefined
}
