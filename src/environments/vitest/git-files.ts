import { readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** Files that change with the commit that is checked out in a folder or above it; in a worktree or submodule they stand elsewhere. */
export function gitFiles(root: string): string[] {
  const place = gitPlace(root)
  if (!place) return []
  const head = join(place.own, 'HEAD')
  const ref = /^ref: (.+)$/m.exec(read(head))?.[1]
  return [head, join(place.common, 'packed-refs'), ...(ref === undefined ? [] : [join(place.common, ref)])]
}

/** `own` is of the worktree, `common` of the repository. */
function gitPlace(root: string): { own: string; common: string } | undefined {
  for (let folder = root; ; folder = dirname(folder)) {
    const path = join(folder, '.git')
    const found = statSync(path, { throwIfNoEntry: false })
    if (found?.isDirectory()) return { own: path, common: path }
    if (found) {
      const own = resolve(folder, /^gitdir: (.+)$/m.exec(read(path))?.[1] ?? '.')
      return { own, common: resolve(own, read(join(own, 'commondir')).trim() || '.') }
    }
    if (folder === dirname(folder)) return undefined
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // Not there: an own folder is the common one, and a branch without commits has no file.
    return ''
  }
}
