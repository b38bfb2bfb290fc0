import { close, openSync, writeFile } from 'node:fs'
import type { WorkflowEvent } from '../../contracts/workflow/events.ts'

/** Output beyond this, waiting for the disk, is left out: it stands in the logs, and statuses must not be lost to it. */
const MOST_WAITING_BYTES = 32 * 1_048_576

/** `events.jsonl`: one event per line. What was written when a process is killed stays. */
export interface EventBook {
  /** @param line the event as JSON, without a line end */
  write(event: WorkflowEvent, line: string): void
  /** Resolves when all that was said is written, or lost. Never rejects. */
  written(): Promise<void>
  /** As `written`, and says no more. */
  close(): Promise<void>
}

/** @param onFault for each piece that the disk did not take @throws what `open` throws */
export function openEventBook(path: string, onFault: (error: Error) => void): EventBook {
  const file = openSync(path, 'a', 0o600)
  let waiting: string[] = []
  let waitingBytes = 0
  let leftOut = 0
  let isWriting = false
  let isTorn = false
  let onEmpty: (() => void) | undefined

  const next = () => {
    if (waiting.length === 0) return stop()
    // Half a line of a full disk must not spoil the next one.
    const text = `${isTorn ? '\n' : ''}${waiting.join('\n')}\n`
    waiting = []
    waitingBytes = 0
    // Lines that come meanwhile make the next write: the slower the disk, the larger its pieces.
    writeFile(file, text, (error) => {
      if (error) onFault(error)
      isTorn = Boolean(error)
      next()
    })
  }
  const stop = () => {
    isWriting = false
    if (leftOut > 0) return noteLeftOut()
    onEmpty?.()
  }
  const add = (line: string) => {
    waiting.push(line)
    waitingBytes += line.length
    if (isWriting) return
    isWriting = true
    setImmediate(next)
  }
  const noteLeftOut = () => {
    const message = `The disk was too slow for ${leftOut} events with output; logs have it.`
    leftOut = 0
    add(JSON.stringify({ at: new Date().toISOString(), type: 'warning', unit: '', code: 'STORE_FULL', message }))
  }
  const written = async () => {
    if (isWriting) await new Promise<void>((resolve) => (onEmpty = resolve))
  }
  return {
    write(event, line) {
      if (event.type === 'output' && waitingBytes > MOST_WAITING_BYTES) leftOut += 1
      else add(line)
    },
    written,
    async close() {
      await written()
      await new Promise<void>((resolve) => close(file, () => resolve()))
    },
  }
}
