import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { RpcCall } from './messages.ts'

/**
 * Snapshots that a run in a host has written, so that a fork can judge the file as if it ran for the first time:
 * otherwise a new snapshot would already be there, and an inline one be written twice.
 */
export class WrittenFiles {
  readonly #before = new Map<string, string | null>()
  #hasWritten = false

  /** Before anything can have been written. */
  watch(path: string): void {
    if (!this.#before.has(path)) this.#before.set(path, contentOf(path))
  }

  observe(call: RpcCall): void {
    if (call.m !== 'snapshotSaved') return
    const {
      added = 0,
      updated = 0,
      fileDeleted = false,
    } = call.a[0] as { added?: number; updated?: number; fileDeleted?: boolean }
    if (added > 0 || updated > 0 || fileDeleted) this.#hasWritten = true
  }

  /** Only if the run said that it wrote snapshots: a change by anybody else is not ours to undo. */
  restore(): void {
    if (!this.#hasWritten) return
    for (const [path, before] of this.#before) {
      if (contentOf(path) === before) continue
      if (before === null) rmSync(path, { force: true })
      else writeFileSync(path, before)
    }
  }
}

function contentOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // Not there: the usual case of a snapshot file.
    return null
  }
}
