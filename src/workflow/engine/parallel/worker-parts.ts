import { EverwarmError } from '../../../contracts/errors.ts'
import type { WorkflowSpec } from '../../../contracts/workflow/document.ts'
import type { Step } from '../../../contracts/workflow/step.ts'
import { pathText } from '../../fault.ts'
import { NOTHING_TO_RUN } from '../../compile.ts'
import type { WorkerPlace } from '../../matrix.ts'
import { without } from '../../merge.ts'
import type { WorkflowPlan } from '../../plan.ts'
import { workerPlan } from '../../worker-scope.ts'
import { withSecretReferences } from '../secret-references.ts'

/** What one worker runs. */
export interface WorkerParts {
  /** All there are. */
  plans: [WorkflowPlan, ...WorkflowPlan[]]
  /** Of a worker that pulls items: once before, once for each, once behind. */
  prologue?: WorkflowPlan
  body?: (shard: Record<string, unknown[]>) => WorkflowPlan
  epilogue?: WorkflowPlan
}

/** Fields of a worker that are done once, however many items it pulls. */
const FIRST = ['delay', 'content', 'setup'] as const
const LAST = ['after', 'artifacts'] as const
type AnyWorker = WorkflowSpec & Pick<Step, 'delay' | 'artifacts'>

/** @throws EverwarmError WORKFLOW_INVALID */
export function workerParts(worker: WorkflowSpec, place: WorkerPlace, isPulling: boolean): WorkerParts {
  if (!isPulling) return { plans: [planFor(worker, place)] }
  const { delay, content, setup, after, artifacts, container, job, pod, pvcs, system } = worker as AnyWorker
  const settings = without({ container, job, pod, pvcs, system })
  const prologue = planFor({ ...settings, ...without({ delay, content, setup }) } as WorkflowSpec, place, 'a')
  const last = planFor({ ...settings, ...without({ after, artifacts }) } as WorkflowSpec, place, 'z')
  // It begins whatever has become of the items; its steps say for themselves when they run.
  const epilogue = { ...last, root: { ...last.root, condition: 'always' } }
  const rest = without(worker as AnyWorker, ...FIRST, ...LAST) as WorkflowSpec
  const body = (shard: Record<string, unknown[]>) => planFor(rest, { ...place, shard: { ...place.shard, ...shard } }, 'b')
  return { plans: [prologue, body({}), epilogue], prologue, body, epilogue }
}

/** @param part refs of several plans of one site must differ */
function planFor(worker: WorkflowSpec, place: WorkerPlace, part = ''): WorkflowPlan {
  const { plan, faults } = workerPlan(worker, place)
  const [fault] = faults.filter(({ message }) => part === '' || message !== NOTHING_TO_RUN)
  if (fault)
    throw new EverwarmError('WORKFLOW_INVALID', {
      message: `Worker ${place.index}: ${pathText(fault.path)}${fault.path.length > 0 ? ': ' : ''}${fault.message}`,
      hint: fault.hint,
    })
  const root = withSecretReferences(plan.root)
  return { ...plan, root: part === '' ? root : renamed(root, part) }
}

function renamed<Node extends WorkflowPlan['root'] | WorkflowPlan['root']['children'][number]>(node: Node, part: string): Node {
  const ref = `${part}${node.ref}`
  return node.kind === 'step' ? { ...node, ref, children: node.children.map((child) => renamed(child, part)) } : { ...node, ref }
}
