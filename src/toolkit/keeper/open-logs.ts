import { withSecretReferences } from '../../workflow/engine/secret-references.ts'
import { nodesOf, type WorkflowPlan } from '../../workflow/plan.ts'

/** The conditions of logs of services are said when they are killed: they stand in the plan as a map that may still change. */
export function withOpenLogs(plan: WorkflowPlan): { plan: WorkflowPlan; logs: Record<string, string> } {
  // Done here, so that the engine takes the plan as it is.
  const root = withSecretReferences(plan.root)
  for (const node of nodesOf(root)) {
    if (node.kind !== 'operation' || node.operation.type !== 'services-stop') continue
    const logs: Record<string, string> = { ...node.operation.logs }
    Object.assign(node.operation, { logs })
    return { plan: { ...plan, root }, logs }
  }
  return { plan: { ...plan, root }, logs: {} }
}
