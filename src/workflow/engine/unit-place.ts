import { createHash } from 'node:crypto'
import type { Transfer } from '../../contracts/workflow/content.ts'
import type { PlannedCommand } from '../../executors/executor.ts'
import { simplify } from '../expressions/document.ts'
import { FieldError } from '../expressions/expression-error.ts'
import type { Scope } from '../expressions/scopes.ts'
import { type Known, knownScope } from '../field-expressions.ts'
import { nodesOf, type OperationNode, type StepNode, type WorkflowPlan } from '../plan.ts'
import { mountedFolders, withMounts } from './mounts.ts'
import type { Engine } from './engine.ts'
import { planned } from './unit-scopes.ts'

/**
 * All commands of a unit, for executors that must know them before the first begins. One that has none still has files, which
 * want a place: that of its first operation.
 */
function commandsOf(root: StepNode): PlannedCommand[] {
  const operations = [...nodesOf(root)].filter((node): node is OperationNode => node.kind === 'operation')
  const commands = operations.filter(({ operation }) => operation.type === 'run' || operation.type === 'shell')
  return (commands.length > 0 ? commands : operations.slice(0, 1)).map(planned)
}

/** What expressions call the execution and the place of a unit in it. */
export function placeNames(
  engine: Engine,
  path: string,
  fsPrefix: string,
  { pvcs, execution }: Pick<WorkflowPlan, 'pvcs' | 'execution'>,
): Record<string, unknown> {
  const { id, scheduledAt } = engine
  return {
    'resource.id': path === '' ? id : `${id}-${path}`,
    'resource.root': id,
    'resource.fsPrefix': fsPrefix,
    'execution.id': id,
    'execution.groupId': id,
    'execution.name': id,
    'execution.number': 1,
    'execution.scheduledAt': scheduledAt,
    'execution.disableWebhooks': true,
    'execution.tags': execution?.tags ?? {},
    ...Object.fromEntries(Object.keys(pvcs ?? {}).map((name) => [`pvcs.${name}.name`, claimName(engine, path, name)])),
  }
}

export interface SiteOf {
  path: string
  plans: readonly [WorkflowPlan, ...WorkflowPlan[]]
  names: Known
  scopes?: readonly Scope[]
  /** Files that it gets. */
  transfers?: readonly Transfer[]
}

/** What its site must know of a plan beforehand. Names of the environment stay for later. */
export function siteSettings(engine: Engine, { path, plans, names, scopes = [], transfers = [] }: SiteOf) {
  const { job, pod, pvcs = {} } = plans[0]
  const known = <T>(value: T): T => simplify(value, 'force', [knownScope(names), ...scopes])
  const claims = Object.entries(pvcs).map(([name, claim]) => [claimName(engine, path, name), known(claim)])
  const roots = plans.map(({ root }) => root)
  const settings = { commands: plans.flatMap(({ root }) => commandsOf(root)), ...(pod ? { pod } : {}) }
  const { commands, ...more } = withMounts(mountedFolders(plans, transfers), settings)
  return {
    commands: commands.map((command) => inCommand(roots, command, () => known(command))),
    ...known(more),
    ...(job ? { job: known(job) } : {}),
    ...(claims.length > 0 ? { pvcs: Object.fromEntries(claims) as Record<string, Record<string, unknown>> } : {}),
  }
}

/** Errors of a command that are told before any runs are those of its step all the same. */
function inCommand<T>(roots: readonly StepNode[], { ref, container }: PlannedCommand, act: () => T): T {
  try {
    return act()
  } catch (error) {
    const at = roots.flatMap((root) => [...nodesOf(root)]).find((node) => node.ref === ref)?.at
    if (!(error instanceof FieldError) || at === undefined) throw error
    const path = (error.path ?? '').replace(/\.env\[(\d+)\]\.value$/, (_, i) => `.env.${container.env?.[Number(i)]?.name}`)
    throw error.ofStep(at, path)
  }
}

/** Of a claim of a unit, the same on all executors: at most 63 characters. */
export function claimName({ id }: Pick<Engine, 'id'>, path: string, name: string): string {
  const whole = `${id}-${path === '' ? '' : `${path.replaceAll(/[^a-z0-9]/g, '-')}-`}${name.toLowerCase().replaceAll(/[^a-z0-9]/g, '-')}`
  return whole.length <= 63 ? whole : `${whole.slice(0, 50)}-${createHash('sha256').update(whole).digest('hex').slice(0, 12)}`
}
