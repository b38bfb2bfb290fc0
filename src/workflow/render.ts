import { Parallel } from '../contracts/workflow/step.ts'
import { ExecuteWorkflow } from '../contracts/workflow/execute.ts'
import { Service } from '../contracts/workflow/service.ts'
import type { z } from 'zod'
import { expressionValue, namesIn, simplify } from './field-expressions.ts'
import { type Expansion, expand, type WorkerPlace } from './matrix.ts'
import { type Operation, type OperationNode, type PlanNode, type WorkflowPlan } from './plan.ts'
import { isOpenStrategy, readStrategy } from './strategy.ts'
import { workerNames, workerPlan } from './worker-scope.ts'

/** What would run: the tree, the workers where they are known, and what is known only later. */
export interface RenderedNode {
  ref: string
  type: 'step' | Operation['type']
  name?: string
  id?: string
  condition?: string
  /** Words such as `optional` or `retry 2`. */
  marks?: string[]
  command?: string
  image?: string
  workers?: RenderedWorkers[]
  children?: RenderedNode[]
  /** Names that nobody knows yet. */
  later?: string[]
}

/** The workers of `parallel`, the instances of one service, or the executions of one workflow. */
export interface RenderedWorkers {
  name: string
  /** Absent: not known yet. */
  places?: WorkerPlace[]
  skipped?: string
  /** Field → expression that says how many there are. */
  open?: Record<string, string>
  description?: string
  /** What the first of them runs; the others differ in their places. */
  first?: RenderedNode
}

export function render(plan: WorkflowPlan): RenderedNode {
  return renderNode(plan.root)
}

function renderNode(node: PlanNode): RenderedNode {
  return node.kind === 'operation' ? renderOperation(node) : renderStep(node)
}

function renderStep(node: Extract<PlanNode, { kind: 'step' }>): RenderedNode {
  const marks = [
    ...(node.isOptional ? ['optional'] : []),
    ...(node.isNegative ? ['negative'] : []),
    ...(node.isPaused ? ['paused'] : []),
    ...(node.retry ? [`retry ${node.retry.count}${node.retry.until === 'passed' ? '' : ` until ${node.retry.until}`}`] : []),
    ...(node.timeout === undefined ? [] : [`timeout ${node.timeout}`]),
  ]
  return {
    ref: node.ref,
    type: 'step',
    ...(node.name === undefined ? {} : { name: node.name }),
    ...(node.id === undefined ? {} : { id: node.id }),
    ...conditionOf(node),
    ...(marks.length > 0 ? { marks } : {}),
    children: node.children.map(renderNode),
  }
}

const conditionOf = ({ condition }: PlanNode) => (condition === 'passed' || condition === 'always' ? {} : { condition })

function renderOperation({ ref, operation, container, condition }: OperationNode): RenderedNode {
  const isCommand = operation.type === 'run' || operation.type === 'shell'
  const isRemote = operation.type === 'parallel'
  const later = isRemote ? [] : laterNames(isCommand ? { container } : operation)
  const workers = workersOf(operation)
  return {
    ref,
    type: operation.type,
    ...(condition === 'passed' || condition === 'always' ? {} : { condition }),
    ...(isCommand ? { command: commandText(container) } : aboutOf(operation)),
    ...(container.image && isCommand ? { image: container.image } : {}),
    ...(workers.length > 0 ? { workers } : {}),
    ...(later.length > 0 ? { later } : {}),
  }
}

const commandText = ({ command = [], args = [] }: OperationNode['container']) =>
  command[0] === 'sh' && command[1] === '-c' ? (args[0] ?? '').replace(/^set -e\n/, '') : [...command, ...args].join(' ')

function aboutOf(operation: Operation): { command?: string } {
  switch (operation.type) {
    case 'delay':
      return { command: operation.delay }
    case 'git':
      return { command: [operation.git.uri, operation.git.revision].filter(Boolean).join(' at ') }
    case 'files':
      return { command: operation.files.map(({ path }) => path).join(', ') }
    case 'tarballs':
      return { command: operation.tarballs.map(({ url }) => url).join(', ') }
    case 'artifacts':
      return { command: operation.artifacts.paths.join(', ') }
    default:
      return {}
  }
}

/** Names in texts that are templates wherever they stand: those of an operation that is ready to run. */
function laterNames(value: unknown): string[] {
  if (typeof value === 'string') return [...new Set(namesIn(value, 'template'))]
  if (typeof value !== 'object' || value === null) return []
  return [...new Set(Object.values(value).flatMap(laterNames))]
}

function workersOf(operation: Operation): RenderedWorkers[] {
  if (operation.type === 'parallel') {
    const { parallel, worker } = operation
    return [instances('worker', parallel, Parallel, (place) => render(workerPlan(worker, place).plan))]
  }
  if (operation.type === 'services-start')
    return Object.entries(operation.services).map(([name, service]) => instances(name, service, Service))
  if (operation.type !== 'execute') return []
  return operation.execute.workflows.map((each) =>
    instances(each.name ?? JSON.stringify(each.selector?.matchLabels), each, ExecuteWorkflow),
  )
}

function instances(
  name: string,
  strategy: Parameters<typeof readStrategy>[0] & { description?: string },
  schema: z.ZodType,
  first?: (place?: WorkerPlace) => RenderedNode,
): RenderedWorkers {
  const read = readStrategy(strategy, expressionValue)
  const about = strategy.description === undefined ? {} : { description: strategy.description }
  if (isOpenStrategy(read)) return { name, ...about, open: read.open, ...(first ? { first: first() } : {}) }
  const { workers, skipped }: Expansion = expand(read)
  if (skipped !== undefined) return { name, skipped }
  const names = workerNames(workers[0]!)
  const described = strategy.description === undefined ? {} : simplify(schema, { description: strategy.description }, names)
  return { name, places: workers, ...described, ...(first ? { first: first(workers[0]) } : {}) }
}
