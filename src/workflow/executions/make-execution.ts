import { existsSync, renameSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { EverwarmError } from '../../contracts/errors.ts'
import { diskFull, isDiskFull } from '../../system/disk-full.ts'
import { faultText, folderError, makeFolder, writeAtomically } from '../../system/files.ts'
import { ownMark } from '../../system/process-mark.ts'
import type { ExecutionFolder } from './execution-folder.ts'
import { executionId } from './execution-id.ts'
import { reserveResult } from './execution-result.ts'
import { ABOUT, removeIfPossible, RESERVE, RESULT } from './folder-files.ts'

export interface NewExecution {
  workflow: string
  executor: string
  /** A folder of one's own for all files; as given. */
  output?: string
  tags?: Readonly<Record<string, string>>
  /** ms since 1970 */
  nowMs?: number
}

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
  try {
    refuseUnusable(executions, 'Set EVERWARM_HOME to a folder of your own.')
    if (output !== undefined) refuseUnusable(output, 'Name another folder with --output.')
    makeFolder(draft)
    reserveResult(output ?? draft)
    writeAtomically(join(draft, ABOUT), `${JSON.stringify(about, null, 2)}\n`)
    renameSync(draft, entry)
  } catch (error) {
    for (const path of [draft, join(output ?? draft, RESERVE)]) removeIfPossible(path)
    throw isDiskFull(error) ? diskFull(error, executions) : error
  }
  return { about, entry }
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
