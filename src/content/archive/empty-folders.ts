import type { WrittenEntry } from './write-tar.ts'

/** Leaves out folders that are made anyway, because something below them follows. What is below a folder comes directly after it. */
export async function* withoutFullFolders(entries: AsyncIterable<WrittenEntry>): AsyncGenerator<WrittenEntry> {
  let waiting: WrittenEntry | undefined
  for await (const entry of entries) {
    if (waiting && !entry.path.startsWith(`${waiting.path}/`)) yield waiting
    waiting = undefined
    if (entry.kind === 'folder') waiting = entry
    else yield entry
  }
  if (waiting) yield waiting
}
