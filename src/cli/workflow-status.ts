import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { WorkflowEvent } from '../contracts/workflow/events.ts'
import { paint } from '../system/log.ts'
import { dataFolder } from '../system/settings.ts'
import { findExecution } from '../workflow/executions/execution-folder.ts'
import { applyEvent } from '../workflow/terminal/apply-event.ts'
import { newRunView, type RunView, unitTitle } from '../workflow/terminal/run-view.ts'
import { type Line, neutral, paintLine } from '../workflow/terminal/spans.ts'
import { summaryLines, warningLines } from '../workflow/terminal/summary-lines.ts'
import { treeLines } from '../workflow/terminal/tree-lines.ts'
import { badInput, type Command } from './command.ts'
import { standOf, tagsText } from './workflow-list.ts'

const SEE = 'everwarm workflow status --help'

export const workflowStatus: Command = {
  options: { json: { type: 'boolean' } },
  help: [
    '<id>    of the execution, as `everwarm workflow list` shows it',
    '--json  for programs',
    '',
    'Of those that have ended, too.',
  ],
  async run({ positionals, values, env, print }) {
    const [id, more] = positionals
    if (id === undefined || more !== undefined) throw badInput('Which execution? `everwarm workflow status <id>`.', SEE)
    const execution = findExecution(dataFolder(env, 'executions'), id)
    const view = await readView(join(execution.about.folder, 'events.jsonl'))
    const stand = await standOf(execution)
    view.status = stand.status
    if (stand.error) view.error = stand.error
    if (stand.status === 'killed') noteKilled(view)
    if (values['json']) return print(JSON.stringify({ ...execution.about, ...stand, ...statusData(view) }, null, 2))
    const isOver = stand.exitCode !== undefined || stand.status === 'killed'
    const now = isOver ? view.nowMs : Date.now()
    const lines: Line[] = [
      ...treeLines(view, now, Number.MAX_SAFE_INTEGER),
      ...(isOver ? [[], ...warningLines(view), ...summaryLines(view, { folder: execution.about.folder })] : unitLines(view)),
    ]
    if (execution.about.tags) lines.splice(1, 0, [{ text: `  tags ${tagsText(execution.about)}`, style: 'dim' }])
    for (const line of lines) print(paintLine(line, Number.MAX_SAFE_INTEGER, paint))
  },
}

/** Its steps could not say any more that they ended. */
function noteKilled(view: RunView): void {
  for (const { nodes } of view.units.values())
    for (const node of nodes.values()) if (node.status === 'running' || node.status === 'paused') node.status = 'aborted'
  const message = 'Its process was killed, or the machine went down, before it could write a result; what it ran was ended.'
  view.error = { code: 'EXECUTION_OVER', message, hint: 'Its output until then is in its logs. Run the workflow again.' }
}

async function readView(path: string): Promise<RunView> {
  const view = newRunView()
  const input = createReadStream(path).on('error', () => input.destroy())
  for await (const line of createInterface({ input })) {
    const event = parsed(line)
    if (event) applyEvent(view, event)
  }
  return view
}

/** undefined: the last line of one that was killed, or is writing. */
function parsed(line: string): WorkflowEvent | undefined {
  try {
    return JSON.parse(line) as WorkflowEvent
  } catch {
    // Half a line is no event.
    return undefined
  }
}

/** By these names workers are paused and resumed. */
const unitLines = (view: RunView): Line[] =>
  unitsOf(view).map(({ unit }) => [{ text: `  unit ${unit}`, style: 'dim' }, { text: `  ${neutral(unitTitle(view, unit))}` }])

const unitsOf = (view: RunView) =>
  [...view.units.values()].filter(({ unit }) => unit !== '').sort((a, b) => a.unit.localeCompare(b.unit, 'en', { numeric: true }))

const statusData = (view: RunView) => ({
  steps: view.steps,
  workers: view.workers,
  artifacts: view.artifacts,
  reports: view.reports,
  units: unitsOf(view).map(({ unit }) => ({ unit, title: unitTitle(view, unit) })),
  failures: [...view.failures.values()],
  warnings: [...view.warnings],
})
