import { existsSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { ErrorData } from '../../contracts/errors.ts'
import { EverwarmError } from '../../contracts/errors.ts'
import { lifeOf, ownMark, type ProcessMark } from '../../system/process-mark.ts'
import { diskFull, isDiskFull } from '../../system/disk-full.ts'
import { faultText, folderError, makeFolder, writeAtomically } from '../../system/files.ts'
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
  /** `execution.tags`, masked; absent: none. */
  tags?: Readonly<Record<string, string>>
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
  tags?: Readonly<Record<string, string>>
  /** ms since 1970 */
  nowMs?: number
}

const ABOUT = 'execution.json'
const RESULT = 'result.json'
/** Holds the place of the result: where a disk is full, what is there already can still be written over and renamed. */
const RESERVE = '.result'
const RESERVE_BYTES = 4_096
const FILES = ['events.jsonl', 'logs', 'artifacts', RESULT]

/**
 * Makes its folder, 0700.
 * @param executions of this user
 * @throws EverwarmError BAD_INPUT: `output` holds another execution, or one of the two cannot be written; STORE_FULL
 */
export function makeExecution(executions: string, asked: NewExecution): ExecutionFolder {
  const nowMs = asked.nowMs ?? Date.now()
  const id = executionId(nowMs)
  const entry = join(executions, id)
  const output = asked.output === undefined ? undefined : resolve(asked.output)
  if (output !== undefined) refuseUsed(output)
  const folder = output ?? entry
  const { workflow, executor, tags } = asked
  const startedAt = new Date(nowMs).toISOString()
  const about = { id, workflow, executor, startedAt, folder, ...(tags ? { tags } : {}), owner: ownMark() }
  // Under its name it is complete or not there: what has a name and no owner would look like something dead.
  const draft = join(executions, `.new-${id}`)
  const reserve = join(output ?? draft, RESERVE)
  try {
    refuseUnusable(executions, 'Set EVERWARM_HOME to a folder of your own.')
    if (output !== undefined) refuseUnusable(output, 'Name another folder with --output.')
    makeFolder(draft)
    writeFileSync(reserve, ' '.repeat(RESERVE_BYTES), { mode: 0o600 })
    writeAtomically(join(draft, ABOUT), `${JSON.stringify(about, null, 2)}\n`)
    renameSync(draft, entry)
  } catch (error) {
    for (const path of [draft, reserve]) removeIfPossible(path)
    throw isDiskFull(error) ? diskFull(error, executions) : error
  }
  return { about, entry }
}

function removeIfPossible(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true })
  } catch {
    // Where nothing may be written nothing was.
  }
}

function refuseUnusable(folder: string, hint: string): void {
  const cause = folderError(folder)
  if (cause === undefined) return
  if (isDiskFull(cause)) throw diskFull(cause, folder)
  throw new EverwarmError('BAD_INPUT', { message: `The folder ${folder} ${faultText(cause)}.`, hint, cause })
}

function refuseUsed(folder: string): void {
  const found = FILES.find((name) => existsSync(join(folder, name)))
  if (found === undefined) return
  throw new EverwarmError('BAD_INPUT', {
    message: `${folder} holds "${found}" already.`,
    hint: 'Give a folder in which there is no other execution, or remove it.',
  })
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

/** undefined: it has none, or none yet. */
export const readResult = ({ about, entry }: ExecutionFolder) =>
  readJson<ExecutionResult>(join(about.folder, RESULT)) ?? readJson<ExecutionResult>(join(entry, RESULT))

/** Also where the disk is full by now. */
export function writeResult({ about, entry }: ExecutionFolder, result: ExecutionResult): void {
  const text = `${JSON.stringify(result, null, 2)}\n`
  writeReserved(about.folder, text)
  // Who takes the files of `--output` elsewhere still sees how it ended.
  if (entry !== about.folder) writeAtomically(join(entry, RESULT), text)
}

function writeReserved(folder: string, text: string): void {
  const [path, reserve] = [join(folder, RESULT), join(folder, RESERVE)]
  try {
    writeAtomically(path, text)
    rmSync(reserve, { force: true })
  } catch (error) {
    if (!isDiskFull(error) || Buffer.byteLength(text) > RESERVE_BYTES) throw error
    writeFileSync(reserve, text, { flag: 'r+' })
    truncateSync(reserve, Buffer.byteLength(text))
    renameSync(reserve, path)
  }
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

function readJson<Shape>(path: string): Shape | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Shape
  } catch {
    // Absent, or removed a moment ago.
    return undefined
  }
}
