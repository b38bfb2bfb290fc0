import type { StepReport, UnitNode } from '../../contracts/workflow/events.ts'
import { durationsOf, type ExecutionState } from '../execution.ts'
import type { PlanNode, StepNode } from '../plan.ts'
import { hasStepEnded } from '../status.ts'
import { stepTitles } from './step-titles.ts'

/** The steps of a unit as they are announced. */
export const unitTree = (root: StepNode): UnitNode => announced(root, '', undefined)

function announced(node: PlanNode, outside: string, title: string | undefined): UnitNode {
  if (node.kind === 'operation') return { ref: node.ref, type: node.operation.type }
  const shown = node.name ?? title ?? outside
  const titles = stepTitles(node.children, shown)
  return {
    ref: node.ref,
    type: 'step',
    ...(node.name === undefined ? (title === undefined ? {} : { title }) : { name: node.name }),
    ...(node.isOptional ? { isOptional: true } : {}),
    ...(node.isNegative ? { isNegative: true } : {}),
    children: node.children.map((child) => announced(child, shown, titles.get(child))),
  }
}

/** What has become of steps between two states. */
export function reportsBetween(
  before: ExecutionState,
  after: ExecutionState,
  nowMs: number,
): { ref: string; report: StepReport }[] {
  return [...after.nodes.changesSince(before.nodes)].flatMap(([ref, node, was]) => {
    if (was.status === node.status && was.attempt === node.attempt) return []
    const report: StepReport = { status: node.status, attempt: node.attempt }
    if (node.exitCode !== undefined) report.exitCode = node.exitCode
    return [{ ref, report: hasStepEnded(node.status) ? { ...report, ...durationsOf(after, ref, nowMs) } : report }]
  })
}
