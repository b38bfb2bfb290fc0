import { nodesOf, type PlanNode, type StepNode, type WorkflowPlan } from './plan.ts'

/** What is looked up in a plan again and again. */
export interface PlanIndex {
  /** In the order in which they run. */
  nodes: readonly PlanNode[]
  /** Ref → its place in `nodes`. */
  places: ReadonlyMap<string, number>
  /** Id → step. */
  named: ReadonlyMap<string, StepNode>
  /** Those with a time limit. */
  limited: readonly StepNode[]
  /** Ref → id of the step, or of the innermost one around it that has one. */
  ids: ReadonlyMap<string, string | undefined>
}

const indices = new WeakMap<WorkflowPlan, PlanIndex>()

export function indexOf(plan: WorkflowPlan): PlanIndex {
  let index = indices.get(plan)
  if (!index) indices.set(plan, (index = made(plan)))
  return index
}

/** @throws RangeError */
export function nodeIn(plan: WorkflowPlan, ref: string): PlanNode {
  const { nodes, places } = indexOf(plan)
  const node = nodes[places.get(ref) ?? -1]
  if (!node) throw new RangeError(`The workflow has no node "${ref}".`)
  return node
}

/** The step that an operation is directly in. */
export const stepAround = (plan: WorkflowPlan, ref: string): StepNode =>
  indexOf(plan).nodes.find((node): node is StepNode => node.kind === 'step' && node.children.some((child) => child.ref === ref))!

function made(plan: WorkflowPlan): PlanIndex {
  const nodes = [...nodesOf(plan.root)]
  const steps = nodes.filter((node): node is StepNode => node.kind === 'step')
  return {
    nodes,
    places: new Map(nodes.map(({ ref }, i) => [ref, i])),
    named: new Map(steps.flatMap((step) => (step.id === undefined ? [] : [[step.id, step]]))),
    limited: steps.filter(({ timeout }) => timeout !== undefined),
    ids: new Map(idsIn(plan.root, undefined)),
  }
}

function* idsIn(node: PlanNode, around: string | undefined): Generator<[ref: string, id: string | undefined]> {
  const id = (node.kind === 'step' ? node.id : undefined) ?? around
  yield [node.ref, id]
  if (node.kind === 'step') for (const child of node.children) yield* idsIn(child, id)
}
