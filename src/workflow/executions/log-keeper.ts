import { mkdir, open, type FileHandle, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { LogFile, LogKeeper } from '../engine/engine-types.ts'
import { insideFolder } from './inside-folder.ts'

/** Who writes is asked to wait while so much is not on the disk yet. */
const MOST_WAITING_BYTES = 262_144

/**
 * Logs in a folder, written from the first byte on.
 * @param onFault once, when a disk does not take any more; what comes after that is dropped
 */
export function openLogKeeper(folder: string, onFault: (error: Error) => void): LogKeeper {
  const files = new Map<string, SharedLog>()
  const sizes = new Map<string, number>()
  let isBroken = false
  const broken = (error: Error) => {
    if (!isBroken) onFault(error)
    isBroken = true
  }
  return {
    open(name) {
      const path = insideFolder(folder, name)
      const log =
        files.get(path) ??
        sharedLog(path, { broken, keptBytes: sizes.get(path) ?? 0, kept: (bytes) => void sizes.set(path, bytes) })
      files.set(path, log)
      log.users += 1
      return userOf(log, () => files.delete(path))
    },
  }
}

/** One file, however many write into it. */
interface SharedLog {
  users: number
  isKept: boolean
  write(bytes: Buffer): void | Promise<void>
  end(isKept: boolean): Promise<void>
}

function userOf(log: SharedLog, forget: () => void): LogFile {
  let isOpen = true
  return {
    write: (bytes) => (isOpen ? log.write(bytes) : undefined),
    async close(keep) {
      if (!isOpen) return
      isOpen = false
      log.users -= 1
      log.isKept ||= keep
      if (log.users > 0) return
      forget()
      await log.end(log.isKept)
    },
  }
}

interface LogPlace {
  broken(error: Error): void
  /** What an earlier one of this name has left there, to stay. */
  keptBytes: number
  kept(bytes: number): void
}

function sharedLog(path: string, { broken, keptBytes, kept }: LogPlace): SharedLog {
  let waiting: Buffer[] = []
  let waitingBytes = 0
  let writing: Promise<void> | undefined
  let file: FileHandle | undefined

  const opened = async () => {
    if (file) return file
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    return (file = await open(path, 'a', 0o600))
  }
  const drain = async () => {
    try {
      while (waiting.length > 0) {
        const bytes = waiting.length === 1 ? waiting[0]! : Buffer.concat(waiting)
        waiting = []
        waitingBytes = 0
        await (await opened()).writeFile(bytes)
      }
    } catch (error) {
      waiting = []
      waitingBytes = 0
      broken(error as Error)
    }
    writing = undefined
  }
  return {
    users: 0,
    isKept: false,
    write(bytes) {
      waiting.push(bytes)
      waitingBytes += bytes.length
      writing ??= drain()
      return waitingBytes > MOST_WAITING_BYTES ? writing : undefined
    },
    async end(isKept) {
      await writing
      try {
        // One without output exists, too: its name was told.
        if (isKept) kept((await (await opened()).stat()).size)
        else if (keptBytes > 0) await file?.truncate(keptBytes)
        await file?.close()
        if (!isKept && keptBytes === 0) await rm(path, { force: true })
      } catch (error) {
        broken(error as Error)
      }
    },
  }
}
