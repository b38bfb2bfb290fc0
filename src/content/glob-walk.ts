import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type GlobState, isWhole, mayGoOn, stepGlob } from './glob-pattern.ts'

export interface WalkState {
  include: GlobState
  exclude: GlobState
}

export interface Found {
  /** From where the walk began, with slashes. */
  path: string
  kind: 'file' | 'link' | 'folder'
}

/** A folder that is excluded takes all that is in it with it. */
export const stepWalk = ({ include, exclude }: WalkState, name: string, isNamed?: boolean): WalkState => ({
  include: stepGlob(include, name, isNamed),
  exclude: stepGlob(exclude, name),
})

export interface Walking {
  /** Links to folders are passed where a pattern has their name. */
  doFollow?: boolean
  signal?: AbortSignal | undefined
}

/**
 * What matches in a folder and below it: each folder's names sorted by code units, what is in a folder directly after it.
 * @throws the reason of the signal
 */
export async function* walkFolder(folder: string, state: WalkState, walking: Walking = {}, prefix = ''): AsyncGenerator<Found> {
  walking.signal?.throwIfAborted()
  for (const entry of await entriesOf(folder)) {
    const next = stepWalk(state, entry.name)
    if (isWhole(next.exclude)) continue
    const path = prefix + entry.name
    const kind = kindOf(entry)
    if (kind && isWhole(next.include)) yield { path, kind }
    if (kind === 'folder' && mayGoOn(next.include)) yield* walkFolder(join(folder, entry.name), next, walking, `${path}/`)
    if (kind === 'link' && walking.doFollow) {
      const named = stepWalk(state, entry.name, true)
      if (mayGoOn(named.include) && (await isFolder(join(folder, entry.name))))
        yield* walkFolder(join(folder, entry.name), named, walking, `${path}/`)
    }
  }
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch {
    // Nothing is found in what is no folder, has just gone or may not be read.
    return []
  }
}

function kindOf(entry: Dirent): Found['kind'] | undefined {
  if (entry.isFile()) return 'file'
  if (entry.isDirectory()) return 'folder'
  return entry.isSymbolicLink() ? 'link' : undefined
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    // It leads nowhere.
    () => false,
  )
}
