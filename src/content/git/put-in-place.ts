import { chmod, lstat, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** A new folder from which `putInPlace` gets its files to `to` by renaming: beside it or, where it is there, in it. */
export async function draftFor(to: string): Promise<string> {
  const found = await lstat(to).catch(() => undefined)
  // It may be the root of a volume: then what is beside it is on another disk.
  if (found) return mkdtemp(join(to, '.everwarm-clone-'))
  await mkdir(dirname(to), { recursive: true })
  return mkdtemp(join(dirname(to), `.everwarm-${basename(to).slice(0, 100)}-`))
}

/** What is at `to` stays, unless something of the same name comes. `draft` is gone afterwards. */
export async function putInPlace(draft: string, to: string): Promise<void> {
  const found = await lstat(to).catch(() => undefined)
  if (found) await merge(draft, to)
  else {
    await chmod(draft, 0o775)
    await rename(draft, to)
  }
  await rm(draft, { recursive: true, force: true })
}

async function merge(from: string, to: string): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name)
    const target = join(to, entry.name)
    const there = await lstat(target).catch(() => undefined)
    if (entry.isDirectory() && there?.isDirectory()) {
      await merge(source, target)
      continue
    }
    if (there && (there.isDirectory() || entry.isDirectory())) await rm(target, { recursive: true })
    await rename(source, target)
  }
}
