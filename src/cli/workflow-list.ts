import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { ErrorData } from '../contracts/errors.ts'
import { dataFolder } from '../system/settings.ts'
import { askExecution } from '../workflow/executions/control-client.ts'
import { type ExecutionAbout, type ExecutionFolder, isAlive, listExecutions } from '../workflow/executions/execution-folder.ts'
import { readResult } from '../workflow/executions/execution-result.ts'
import { neutral } from '../workflow/terminal/spans.ts'
import { tookText } from '../workflow/terminal/wording.ts'
import { type Command, refusePositionals } from './command.ts'
import { table } from './table.ts'

const ANSWER_MS = 1_000

/** How an execution stands now, or how it ended. */
export interface Stand {
  status: string
  tookMs: number
  exitCode?: number
  error?: ErrorData
}

export const workflowList: Command = {
  options: { json: { type: 'boolean' } },
  help: ['--json  for programs', '', 'The newest first. Of those that have ended, 50 are kept, and all of the last seven days.'],
  async run(given) {
    refusePositionals(given)
    const all = listExecutions(dataFolder(given.env, 'executions'))
    const rows = await Promise.all(all.map(async (each) => ({ ...each.about, ...(await standOf(each)) })))
    if (given.values.json)
      return given.print(
        JSON.stringify(
          rows.map(({ owner, ...row }) => ({ ...row, pid: owner.pid })),
          null,
          2,
        ),
      )
    if (rows.length === 0) return given.print('Nothing has run yet: `everwarm workflow run <file>`.')
    const isTagged = rows.some(({ tags }) => tags)
    const lines = rows.map((row) => {
      const cells = [row.id, row.workflow, row.status, row.executor, row.startedAt, tookOf(row)]
      return isTagged ? [...cells, tagsText(row)] : cells
    })
    given.print(table(['execution', 'workflow', 'status', 'executor', 'started', 'took', ...(isTagged ? ['tags'] : [])], lines))
  },
}

/** Of one that was killed only its last event is known. */
const tookOf = ({ status, tookMs }: Stand) => `${status === 'killed' ? 'at least ' : ''}${tookText(tookMs)}`

/** `team=web, nightly=yes` */
export const tagsText = ({ tags = {} }: Pick<ExecutionAbout, 'tags'>) =>
  neutral(
    Object.entries(tags)
      .map((pair) => pair.join('='))
      .join(', '),
  )

/** ms since 1970, of the last event that it has written. */
const lastSignMs = ({ about }: ExecutionFolder, otherwise: number) =>
  statSync(join(about.folder, 'events.jsonl'), { throwIfNoEntry: false })?.mtimeMs ?? otherwise

/** `killed`: its process is gone, and left no result. */
export async function standOf(execution: ExecutionFolder): Promise<Stand> {
  const began = Date.parse(execution.about.startedAt)
  const result = readResult(execution)
  if (result) {
    const { status, exitCode, endedAt, error } = result
    return { status, tookMs: Date.parse(endedAt) - began, exitCode, ...(error ? { error } : {}) }
  }
  if (!isAlive(execution)) return { status: 'killed', tookMs: lastSignMs(execution, began) - began }
  const tookMs = Date.now() - began
  // One that is too busy to answer runs.
  const status = await askExecution(execution, (channel) => channel.call('status'), ANSWER_MS).catch(() => 'running')
  return { status, tookMs }
}
