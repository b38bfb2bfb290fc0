import { mkdtempSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MAX_VIEW_FOLDER_BYTES } from '../../contracts/view-door.ts'

/**
 * Makes the folder in which test processes open doors to their browsers, 0700; whoever asks for it has it removed.
 * undefined: there is no place for one, and nothing can be shown (Windows: its sockets have no folder).
 */
export function viewFolder(): string | undefined {
  if (process.platform === 'win32') return undefined
  for (const parent of [tmpdir(), '/tmp']) {
    try {
      const prefix = join(realpathSync(parent), 'ew-view-')
      if (Buffer.byteLength(prefix) + 6 <= MAX_VIEW_FOLDER_BYTES) return mkdtempSync(prefix)
    } catch {
      // A worker does its work without being looked at.
    }
  }
  return undefined
}
