import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { ErrorData } from '../../contracts/errors.ts'
import { EverwarmError } from '../../contracts/errors.ts'
import { lifeOf, ownMark, type ProcessMark } from '../../system/process-mark.ts'
import { makeFolder, writeAtomically } from '../../system/files.ts'
import { executionId, isExecutionId } from './execution-id.ts'

/** `execution.json`: what there is to know of an execution from its first moment on. */
export interface ExecutionAbout {
  id: string
  workflow: string
  executor: string
  /** ISO 8601 */
  startedAt: string
  /** Absolute: events, logs, artifacts and the result. */
  folder: string
  owner: ProcessMark
}

/** `result.json`: absent as long as it runs, and for ever if its process was killed. */
export interface ExecutionResult {
  status: string
  exitCode: number
  /** ISO 8601 */
  endedAt: string
  error?: ErrorData
}

export interface ExecutionFolder {
  about: ExecutionAbout
  /** Of this execution among all of this user; the same as `about.folder` unless files go elsewhere. */
  entry: string
}

export interface NewExecution {
  workflow: string
  executor: string
  /** A folder of one's own for all files; as given. */
  output?: string
  /** ms since 1970 */
  nowMs?: number
}

const ABOUT = 'execution.json'
const RESULT = 'result.json'
const FILES = ['events.jsonl', 'logs', 'artifacts', RESULT]

/** Makes its folder, 0700. @param executions of this user @throws EverwarmError BAD_INPUT: `output` holds another execution */
export function makeExecution(executions: string, asked: NewExecution): ExecutionFolder {
  const nowMs = asked.nowMs ?? Date.now()
  const id = executionId(nowMs)
  const entry = join(executions, id)
  const folder = asked.output === undefined ? entry : emptyOutput(resolve(asked.output))
  const { workflow, executor } = asked
  const about = { id, workflow, executor, startedAt: new Date(nowMs).toISOString(), folder, owner: ownMark() }
  // Under its name it is complete or not there: what has a name and no owner would look like something dead.
  const draft = join(executions, `.new-${id}`)
  makeFolder(draft)
  writeAtomically(join(draft, ABOUT), `${JSON.stringify(about, null, 2)}\n`)
  renameSync(draft, entry)
  return { about, entry }
}

function emptyOutput(folder: string): string {
  const found = FILES.find((name) => existsSync(join(folder, name)))
  if (found === undefined) {
    makeFolder(folder)
    return folder
  }
  throw new EverwarmError('BAD_INPUT', {
    message: `${folder} holds "${found}" already.`,
    hint: 'Give a folder in which there is no other execution, or remove it.',
  })
}

/** All of this user, the newest first. */
export function listExecutions(executions: string): ExecutionFolder[] {
  return namesIn(executions)
    .filter(isExecutionId)
    .sort()
    .reverse()
    .flatMap((id) => readExecution(join(executions, id)) ?? [])
}

/** @throws EverwarmError EXECUTION_UNKNOWN */
export function findExecution(executions: string, id: string): ExecutionFolder {
  const found = isExecutionId(id) ? readExecution(join(executions, id)) : undefined
  if (found) return found
  throw new EverwarmError('EXECUTION_UNKNOWN', {
    message: `There is no execution "${id.slice(0, 60)}".`,
    hint: '`everwarm workflow list` shows those that there are.',
  })
}

function readExecution(entry: string): ExecutionFolder | undefined {
  const about = readJson<ExecutionAbout>(join(entry, ABOUT))
  return about && { about, entry }
}

/** undefined: it has none, or none yet. */
export const readResult = ({ about }: ExecutionFolder) => readJson<ExecutionResult>(join(about.folder, RESULT))

export function writeResult({ about }: ExecutionFolder, result: ExecutionResult): void {
  writeAtomically(join(about.folder, RESULT), `${JSON.stringify(result, null, 2)}\n`)
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

export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    // It is made with the first of its files.
    return []
  }
}

function readJson<Shape>(path: string): Shape | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Shape
  } catch {
    // Absent, or removed a moment ago.
    return undefined
  }
}
