import { chmod, lstat, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** A new folder from which `putInPlace` gets its files to `to` by renaming: beside it or, where it is there, in it. */
export async function draftFor(to: string): Promise<string> {
  const found = await lstat(to).catch(() => undefined)
  // It may be the root of a volume: then what is beside it is on another disk.
  if (found) return mkdtemp(join(to, '.everwarm-draft-'))
  await mkdir(dirname(to), { recursive: true })
  return mkdtemp(join(dirname(to), `.everwarm-${basename(to).slice(0, 100)}-`))
}

/**
 * What is at `to` stays, unless something of the same name comes; links there are replaced, not followed. `draft` is gone afterwards.
 * @param beforeFile told of each file and link before it is there; `path` is relative, with slashes
 */
export async function putInPlace(
  draft: string,
  to: string,
  beforeFile?: (path: string, source: string, target: string) => Promise<void>,
): Promise<void> {
  const found = await lstat(to).catch(() => undefined)
  if (found || beforeFile) {
    await mkdir(to, { recursive: true })
    await merge(draft, to, beforeFile, '')
  } else {
    await chmod(draft, 0o775)
    await rename(draft, to)
  }
  await rm(draft, { recursive: true, force: true })
}

async function merge(from: string, to: string, beforeFile: Parameters<typeof putInPlace>[2], prefix: string): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name)
    const target = join(to, entry.name)
    const path = prefix + entry.name
    const there = await lstat(target).catch(() => undefined)
    if (entry.isDirectory() && (there?.isDirectory() || beforeFile)) {
      if (there && !there.isDirectory()) await rm(target)
      await mkdir(target, { recursive: true })
      await merge(source, target, beforeFile, `${path}/`)
      continue
    }
    if (!entry.isDirectory()) await beforeFile?.(path, source, target)
    if (there && (there.isDirectory() || entry.isDirectory())) await rm(target, { recursive: true })
    await rename(source, target)
  }
}
