import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { EverwarmError } from '../../contracts/errors.ts'
import { lifeOf, ownMark, type ProcessMark } from '../../system/process-mark.ts'
import { isExecutionId } from './execution-id.ts'
import { ABOUT, readJson, removeIfPossible, RESERVE } from './folder-files.ts'

/** `execution.json`: what there is to know of an execution from its first moment on. */
export interface ExecutionAbout {
  id: string
  workflow: string
  executor: string
  /** ISO 8601 */
  startedAt: string
  /** Absolute: events, logs, artifacts and the result. */
  folder: string
  /** `execution.tags`, masked; absent: none. */
  tags?: Readonly<Record<string, string>>
  owner: ProcessMark
}

export interface ExecutionFolder {
  about: ExecutionAbout
  /** Of this execution among all of this user; the same as `about.folder` unless files go elsewhere. */
  entry: string
}

/** All of this user, the newest first. @throws EverwarmError BAD_INPUT if nobody could look there */
export function listExecutions(executions: string): ExecutionFolder[] {
  return readableNames(executions)
    .filter(isExecutionId)
    .sort()
    .reverse()
    .flatMap((id) => readExecution(join(executions, id)) ?? [])
}

/** Before the first there is no folder. @throws EverwarmError BAD_INPUT */
function readableNames(executions: string): string[] {
  try {
    return readdirSync(executions)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return []
    throw new EverwarmError('BAD_INPUT', {
      message: `The folder of executions ${executions} cannot be read (${code}).`,
      hint: 'Set EVERWARM_HOME to a folder of your own.',
      cause,
    })
  }
}

/** @throws EverwarmError EXECUTION_UNKNOWN; BAD_INPUT as `listExecutions` */
export function findExecution(executions: string, id: string): ExecutionFolder {
  const found = isExecutionId(id) ? readExecution(join(executions, id)) : undefined
  if (found) return found
  readableNames(executions)
  throw new EverwarmError('EXECUTION_UNKNOWN', {
    message: `There is no execution "${id.slice(0, 60)}".`,
    hint: '`everwarm workflow list` shows those that there are.',
  })
}

function readExecution(entry: string): ExecutionFolder | undefined {
  const about = readJson<ExecutionAbout>(join(entry, ABOUT))
  return about && { about, entry }
}

/** Whether its process may still live; one that cannot be seen from here counts as alive. */
export const isAlive = ({ about }: ExecutionFolder, self = ownMark()) => lifeOf(about.owner, self) !== 'dead'

/** Removes an execution's entry at once, as others see it. Files that were asked for elsewhere stay. */
export function removeExecution(executions: string, { about, entry }: ExecutionFolder): void {
  const gone = join(executions, `.gone-${about.id}`)
  try {
    renameSync(entry, gone)
  } catch {
    // Somebody else was quicker.
    return
  }
  rmSync(gone, { recursive: true, force: true })
}

/** What only one that runs has need of, in both of its folders. */
const leftovers = ({ about, entry }: ExecutionFolder) => [
  ...['control.json', 'control.sock'].map((name) => join(entry, name)),
  join(about.folder, RESERVE),
]

export const hasLeftovers = (execution: ExecutionFolder) => leftovers(execution).some((path) => existsSync(path))

/** Of one whose process was killed. */
export function removeLeftovers(execution: ExecutionFolder): void {
  for (const path of leftovers(execution)) removeIfPossible(path)
}

export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    // It is made with the first of its files.
    return []
  }
}
