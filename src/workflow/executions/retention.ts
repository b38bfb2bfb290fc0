import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Executor } from '../../executors/executor.ts'
import { ownMark } from '../../system/process-mark.ts'
import {
  type ExecutionFolder,
  hasLeftovers,
  isAlive,
  listExecutions,
  namesIn,
  removeExecution,
  removeLeftovers,
} from './execution-folder.ts'

export interface Retention {
  /** So many stay in any case. */
  newest: number
  /** Younger ones stay in any case. */
  maxAgeMs: number
}

const DEFAULT: Retention = { newest: 50, maxAgeMs: 7 * 86_400_000 }
/** What is half made or half removed for longer than this belongs to a process that was killed. */
const SCRAP_AGE_MS = 60_000

/** Which of them may go. @param all the newest first @param nowMs ms since 1970 */
export function outdated(
  all: readonly ExecutionFolder[],
  nowMs: number,
  { newest, maxAgeMs }: Retention = DEFAULT,
): ExecutionFolder[] {
  return all.slice(newest).filter(({ about }) => nowMs - Date.parse(about.startedAt) > maxAgeMs)
}

/** Beside an execution that runs: neither what others have left nor what is old may hold it up or fail it. */
export function tidyBehind(executor: Pick<Executor, 'sweep'>, executions: string): void {
  executor.sweep().catch(() => {})
  setImmediate(() => tidyExecutions(executions))
}

/** Removes old executions whose process is gone. Never throws. @returns how many */
export function tidyExecutions(executions: string, retention: Retention = DEFAULT): number {
  try {
    removeScraps(executions)
    const self = ownMark()
    const all = listExecutions(executions)
    for (const each of all.filter(hasLeftovers)) if (!isAlive(each, self)) removeLeftovers(each)
    const gone = outdated(all, Date.now(), retention).filter((each) => !isAlive(each, self))
    for (const each of gone) removeExecution(executions, each)
    return gone.length
  } catch {
    // A disk that does not let go of old files is no reason not to run; the next one tries again.
    return 0
  }
}

function removeScraps(executions: string): void {
  for (const name of namesIn(executions).filter((name) => /^\.(?:new|gone)-/.test(name))) {
    const path = join(executions, name)
    const ageMs = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
    if (ageMs > SCRAP_AGE_MS) rmSync(path, { recursive: true, force: true })
  }
}
