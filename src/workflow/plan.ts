import type { Container } from '../contracts/workflow/container.ts'
import type { Artifacts, ContentFile, Git, Tarball } from '../contracts/workflow/content.ts'
import type { WorkflowSpec } from '../contracts/workflow/document.ts'
import type { Execute } from '../contracts/workflow/execute.ts'
import type { Service } from '../contracts/workflow/service.ts'
import type { Parallel } from '../contracts/workflow/step.ts'

/** What `sh` is told before a script. */
export const SCRIPT_PREFIX = 'set -e\n'

/** What one operation does; texts in it are templates until the stage that knows their names. */
export type Operation =
  | { type: 'delay'; delay: string }
  | { type: 'files'; files: readonly ContentFile[] }
  | { type: 'git'; git: Git }
  | { type: 'tarballs'; tarballs: readonly Tarball[] }
  | { type: 'services-start'; group: string; services: Readonly<Record<string, Service>> }
  | { type: 'run' | 'shell' }
  | { type: 'execute'; execute: Execute }
  /** `worker` is a workflow; the container of the step is in it already. */
  | { type: 'parallel'; parallel: Strategy; worker: WorkflowSpec }
  /** Nothing: a paused step that has no commands waits here. */
  | { type: 'wait' }
  | { type: 'services-stop'; group: string; logs: Readonly<Record<string, string>> }
  | { type: 'artifacts'; artifacts: Artifacts }

/** Of `parallel`, what is not the worker itself. */
export type Strategy = Pick<
  Parallel,
  | 'matrix'
  | 'shards'
  | 'by'
  | 'dynamic'
  | 'count'
  | 'maxCount'
  | 'parallelism'
  | 'failFast'
  | 'description'
  | 'logs'
  | 'transfer'
  | 'fetch'
>

interface NodeBase {
  /** Unique in its workflow, the same whenever the same workflow is compiled: letters and digits. */
  ref: string
  /** Without braces. */
  condition: string
  /** Where its step is written: see origins.ts. */
  at?: string
}

export interface OperationNode extends NodeBase {
  kind: 'operation'
  operation: Operation
  /** With all that is inherited. */
  container: Container
  /** May share a container with others. */
  isPure: boolean
}

export interface StepNode extends NodeBase {
  kind: 'step'
  /** By which expressions name it; none if it has no name. */
  id?: string
  name?: string
  isNegative: boolean
  isOptional: boolean
  isPaused: boolean
  /** Attempts after the first, and when to stop; both expressions. */
  retry?: { count: string; until: string }
  /** A template of a duration. */
  timeout?: string
  children: readonly PlanNode[]
}

export type PlanNode = StepNode | OperationNode

/** All that runs, as a tree in the order in which it runs. */
export interface WorkflowPlan extends Pick<
  WorkflowSpec,
  'job' | 'pod' | 'pvcs' | 'system' | 'execution' | 'timeouts' | 'concurrency'
> {
  name: string
  root: StepNode
}

/** A node and all inside it, in the order in which they run. */
export function* nodesOf(node: PlanNode): Generator<PlanNode> {
  yield node
  if (node.kind === 'step') for (const child of node.children) yield* nodesOf(child)
}

/** Preparation is done before a paused step waits: so all begin together when they are resumed. */
const PREPARING: ReadonlySet<Operation['type']> = new Set([
  'delay',
  'files',
  'git',
  'tarballs',
  'services-start',
  'services-stop',
])
export const isCommand = (operation: Operation) => !PREPARING.has(operation.type)
