import type { StepReport, UnitNode } from '../../contracts/workflow/events.ts'
import { durationsOf, type ExecutionState } from '../execution.ts'
import type { PlanNode } from '../plan.ts'
import { hasStepEnded } from '../status.ts'

/** The steps of a unit as they are announced. */
export function unitTree(node: PlanNode): UnitNode {
  if (node.kind === 'operation') return { ref: node.ref, type: node.operation.type }
  return {
    ref: node.ref,
    type: 'step',
    ...(node.name === undefined ? {} : { name: node.name }),
    ...(node.isOptional ? { isOptional: true } : {}),
    children: node.children.map(unitTree),
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
