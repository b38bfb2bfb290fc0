import type { Container, EnvVariable } from '../../contracts/workflow/container.ts'
import type { Artifacts, ContentFile, Fetch, Git, Tarball, Transfer } from '../../contracts/workflow/content.ts'
import type { ExecuteWorkflow } from '../../contracts/workflow/execute.ts'
import type { Probe } from '../../contracts/workflow/service.ts'
import type { WorkerPlace } from '../matrix.ts'
import type { Operation, WorkflowPlan } from '../plan.ts'

/**
 * What would run, for programs: docs/workflow.md ("What would run") tells its fields. Fields may come; none changes its meaning.
 * Values of secrets, of variables and of files that are written never stand in it.
 */
export interface RenderedNode {
  ref: string
  type: 'step' | Operation['type']
  name?: string
  id?: string
  /** Absent: `passed`. */
  condition?: string
  optional?: true
  negative?: true
  paused?: true
  /** May share a container with others. */
  pure?: true
  retry?: { count: string; until: string }
  timeout?: string
  /** What an operation does, in one text. */
  command?: string
  /** Of `run` and `shell`. */
  container?: RenderedContainer
  git?: RenderedGit
  files?: Pick<ContentFile, 'path' | 'mode' | 'contentFrom'>[]
  tarballs?: Tarball[]
  artifacts?: Artifacts
  /** Of `services-stop`: service → when its output is kept. */
  logs?: Record<string, string>
  /** Of `execute`: how many at a time, or the expression that says it. */
  parallelism?: number | string
  /** Of `execute`: only started. */
  async?: true
  workers?: RenderedWorkers[]
  children?: RenderedNode[]
  /** Names that nobody knows yet. */
  later?: string[]
}

/** With all that is inherited. */
export type RenderedContainer = Omit<Container, 'env'> & { env?: Pick<EnvVariable, 'name' | 'valueFrom' | 'global'>[] }

/** Without credentials: only which of them are given. */
export type RenderedGit = Omit<Git, Credential> & { credentials?: Credential[] }
export const CREDENTIALS = ['username', 'usernameFrom', 'token', 'tokenFrom', 'sshKey', 'sshKeyFrom'] as const
export type Credential = (typeof CREDENTIALS)[number]

/** Of a workflow, or of each worker. */
export type RenderedSettings = Pick<WorkflowPlan, 'concurrency' | 'timeouts' | 'job' | 'pod' | 'pvcs' | 'system' | 'execution'>

/** The workers of `parallel`, the instances of one service, or the executions of one workflow. */
export interface RenderedWorkers {
  /** `worker`, or the name of the service or workflow. */
  name: string
  /** How many; absent: not known yet. */
  count?: number
  /** Where it is not known: no more than so many. */
  most?: number
  /** So many of each workflow that has the labels. */
  ofEach?: true
  places?: WorkerPlace[]
  /** What workers pull, by the name of the list: they have none of it beforehand. */
  queues?: Record<string, unknown[]>
  skipped?: string
  /** Field → expression that says how many there are. */
  open?: Record<string, string>
  /** Lists are cut by what is recorded when it runs; slices here are those of items that all take as long. */
  by?: 'duration'
  dynamic?: true
  description?: string
  /** How many at a time, or the expression that says it. */
  parallelism?: number | string
  failFast?: true
  /** When output is kept. */
  logs?: string
  transfer?: Transfer[]
  fetch?: Fetch[]
  /** Of a service. */
  container?: RenderedContainer
  command?: string
  readinessProbe?: Probe
  timeout?: string
  ports?: number[]
  restartPolicy?: string
  /** What else a service has of its own: `content`, `pod`, `pvcs`. */
  also?: string[]
  /** Of an execution. */
  config?: ExecuteWorkflow['config']
  executionName?: string
  tarball?: ExecuteWorkflow['tarball']
  target?: ExecuteWorkflow['target']
  /** Of each worker of `parallel`. */
  settings?: RenderedSettings
  /** What the first of them runs; the others differ in their places. */
  first?: RenderedNode
}
