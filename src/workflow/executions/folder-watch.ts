import { watch } from 'node:fs'
import type { Clock, Timer } from '../../system/clock.ts'

/**
 * Calls `look` soon after a folder changed, and at least every `everyMs`: a process that is killed changes no folder, and not
 * every file system tells of changes. @returns what ends it
 */
export function watchFolder(folder: string, look: () => void, { clock, everyMs }: { clock: Clock; everyMs: number }): () => void {
  let isAsked = false
  let timer: Timer
  const ask = () => {
    if (isAsked) return
    isAsked = true
    setImmediate(() => {
      isAsked = false
      look()
    })
  }
  const again = () => {
    ask()
    timer = clock.after(everyMs, again)
  }
  timer = clock.after(everyMs, again)
  const stop = changesOf(folder, ask)
  return () => {
    timer.cancel()
    stop()
  }
}

function changesOf(folder: string, onChange: () => void): () => void {
  try {
    const watcher = watch(folder, { persistent: false }, onChange)
    // The clock goes on.
    watcher.on('error', () => watcher.close())
    return () => watcher.close()
  } catch {
    // No watches left on this machine (ENOSPC, EMFILE): the clock alone has to do.
    return () => {}
  }
}
