import { namesIn } from '../field-expressions.ts'
import { without } from '../merge.ts'
import type { Operation, OperationNode, PlanNode, WorkflowPlan } from '../plan.ts'
import { workerPlan } from '../worker-scope.ts'
import { commandText, renderContainer, renderGit, withoutUser } from './render-parts.ts'
import { renderExecutions, renderParallel, renderServices, limitOf } from './render-workers.ts'
import type { RenderedNode, RenderedSettings, RenderedWorkers } from './rendered.ts'

/** What would run: the tree, the workers where they are known, and what is known only later. */
export function render(plan: WorkflowPlan): RenderedNode {
  return renderNode(plan.root)
}

export const renderSettings = ({ concurrency, timeouts, job, pod, pvcs, system, execution }: WorkflowPlan): RenderedSettings =>
  without({ concurrency, timeouts, job, pod, pvcs, system, execution })

function renderNode(node: PlanNode): RenderedNode {
  return node.kind === 'operation' ? renderOperation(node) : renderStep(node)
}

function renderStep(node: Extract<PlanNode, { kind: 'step' }>): RenderedNode {
  const { ref, name, id, condition, isOptional, isNegative, isPaused, retry, timeout, children } = node
  return {
    ref,
    type: 'step',
    ...without({ name, id, condition: shown(condition) }),
    ...(isOptional ? { optional: true } : {}),
    ...(isNegative ? { negative: true } : {}),
    ...(isPaused ? { paused: true } : {}),
    ...without({ retry, timeout }),
    children: children.map(renderNode),
  }
}

const shown = (condition: string) => (condition === 'passed' ? undefined : condition)

function renderOperation({ ref, operation, container, condition, isPure }: OperationNode): RenderedNode {
  const isCommand = operation.type === 'run' || operation.type === 'shell'
  const later = laterOf(operation, container)
  const workers = workersOf(operation)
  return {
    ref,
    type: operation.type,
    ...without({ condition: shown(condition) }),
    ...(isCommand ? { command: commandText(container), container: renderContainer(container) } : aboutOf(operation)),
    ...(isCommand && isPure ? { pure: true } : {}),
    ...(workers.length > 0 ? { workers } : {}),
    ...(later.length > 0 ? { later } : {}),
  }
}

function aboutOf(operation: Operation): Partial<RenderedNode> {
  switch (operation.type) {
    case 'delay':
      return { command: operation.delay }
    case 'git': {
      const git = renderGit(operation.git)
      return { command: [git.uri, git.revision].filter(Boolean).join(' at '), git }
    }
    case 'files': {
      const files = operation.files.map(({ path, mode, contentFrom }) => without({ path, mode, contentFrom }) as { path: string })
      return { command: files.map(({ path }) => path).join(', '), files }
    }
    case 'tarballs': {
      const tarballs = operation.tarballs.map((each) => ({ ...each, url: withoutUser(each.url) }))
      return { command: tarballs.map(({ url, path }) => `${url} to ${path}`).join(', '), tarballs }
    }
    case 'artifacts':
      return { command: operation.artifacts.paths.join(', '), artifacts: operation.artifacts }
    case 'services-stop':
      return Object.keys(operation.logs).length > 0 ? { logs: { ...operation.logs } } : {}
    case 'execute':
      return {
        parallelism: limitOf(operation.execute.parallelism, 100),
        ...(operation.execute.async ? { async: true } : {}),
      }
    default:
      return {}
  }
}

/** Places of workers, instances and executions are their own. */
function laterOf(operation: Operation, container: OperationNode['container']): string[] {
  if (operation.type === 'parallel') return []
  if (operation.type === 'run' || operation.type === 'shell') return laterNames({ container })
  const hasPlaces = operation.type === 'services-start' || operation.type === 'execute'
  return laterNames(operation).filter((name) => !hasPlaces || !OWN_PLACE.test(name))
}
const OWN_PLACE = /^(?:index|count|(?:matrix|shard)(?:Index|Count|\..*)|tarball\..*)$/

/** Names in texts that are templates wherever they stand: those of an operation that is ready to run. */
function laterNames(value: unknown): string[] {
  if (typeof value === 'string') return [...new Set(namesIn(value, 'template'))]
  if (typeof value !== 'object' || value === null) return []
  return [...new Set(Object.values(value).flatMap(laterNames))]
}

function workersOf(operation: Operation): RenderedWorkers[] {
  if (operation.type === 'services-start') return renderServices(operation.services)
  if (operation.type === 'execute') return renderExecutions(operation.execute)
  if (operation.type !== 'parallel') return []
  const { parallel, worker } = operation
  return [
    renderParallel(parallel, (place) => {
      const { plan } = workerPlan(worker, place)
      return { settings: renderSettings(plan), first: render(plan) }
    }),
  ]
}
