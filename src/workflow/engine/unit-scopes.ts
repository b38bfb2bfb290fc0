import type { PlannedCommand } from '../../executors/executor.ts'
import { factsScope } from '../judge.ts'
import { hostScope } from '../expressions/functions/library.ts'
import { NotReadYet } from '../expressions/host.ts'
import { environmentScope, namesScope, type Scope } from '../expressions/scopes.ts'
import { STATUS_ALIASES } from '../expressions/status-scope.ts'
import type { Value } from '../expressions/values.ts'
import { nodesOf, type OperationNode, type PlanNode } from '../plan.ts'
import { declaredEnvironment, type Environment, environmentOver } from './environment.ts'
import { siteHost } from './looking.ts'
import type { AnyOperation } from './operation.ts'
import type { Unit } from './unit.ts'

/** Where relative paths begin. */
export const WORKING_FOLDER = '/data/repo'
export const OUTPUTS_FOLDER = '/data/.outputs'
export const resultsFolder = (stepId: string) => `/data/.steps/${stepId}`

/** What a unit knows by names while it runs. */
export interface UnitFacts {
  /** Group and name of a service → its instances. */
  services: Map<string, ServiceFacts[]>
  /** Ref of a command → its outputs by name; the newest last. */
  outputs: Map<string, { stepId: string | undefined; values: Record<string, string> }>
}

/** As expressions see an instance: `services.db.0.ip`. */
export interface ServiceFacts {
  ip: string
  description: string
  port: number | null
  ports: Record<string, number>
}

export const newFacts = (): UnitFacts => ({ services: new Map(), outputs: new Map() })

/** More outputs of a command. */
export function giveOutputs(unit: Unit, ref: string, more: Record<string, string>): void {
  const { outputs } = unit.facts
  const values = { ...outputs.get(ref)?.values, ...more }
  outputs.delete(ref)
  outputs.set(ref, { stepId: unit.stepIdOf(ref), values })
}

/** The newest of each name: of one step, or of all. undefined: it has given none */
function outputsOf({ outputs }: UnitFacts, stepId?: string): Record<string, string> | undefined {
  const found = [...outputs.values()].filter((each) => stepId === undefined || each.stepId === stepId)
  return found.length === 0 ? undefined : (Object.assign({}, ...found.map(({ values }) => values)) as Record<string, string>)
}

/** `services.<name>`, `step.<id>.outputs`, `step.<id>.results`, `output`: as they are when they are asked. */
export function factsOfUnit(facts: UnitFacts, path: (path: string) => string): Scope {
  return {
    lookup(name) {
      if (name === 'output') return outputsOf(facts) ?? {}
      const service = /^services\.([a-z0-9-]+)$/.exec(name)?.[1]
      if (service !== undefined) return facts.services.get(service) as Value | undefined
      const [, id, what] = /^step\.([a-z0-9_]+)\.(outputs|results)$/.exec(name) ?? []
      if (what === 'outputs') return outputsOf(facts, id)
      return what === 'results' ? path(resultsFolder(id!)) : undefined
    },
  }
}

/** What units inside know of this one: its services, and what its steps have given. */
export const inheritedOf = ({ facts, site, options }: Unit): Scope[] => [
  factsOfUnit(facts, (path) => site.files.path(path)),
  ...options.inherited,
]

/** What the operation is, for the site. */
export const planned = (node: OperationNode): PlannedCommand => ({
  ref: node.ref,
  container: node.container,
  isShared: node.isPure,
})

/** All scopes of a node, without its environment: names of the unit, its facts, and those of the units around it. */
export function scopesWithoutEnv(unit: Unit, node: PlanNode): Scope[] {
  const { site, options, facts } = unit
  const cwd = workingFolder(unit, node)
  const results = unit.stepIdOf(node.ref)
  return [
    namesScope(options.names as Record<string, Value>),
    factsOfUnit(facts, (path) => site.files.path(path)),
    // After these: there may be a step with the id `results`.
    ...(results === undefined ? [] : [namesScope({ 'step.results': site.files.path(resultsFolder(results)) })]),
    ...options.inherited,
    hostScope(siteHost(site.files, cwd, unit.looking)),
  ]
}

/** Of an operation that runs: what became of the steps before it is known, too. */
export const operationScopes = ({ unit, node, facts }: AnyOperation): Scope[] => [
  factsScope(facts),
  STATUS_ALIASES,
  ...scopesOf(unit, node),
]

/** The same with its environment; throws NotReadYet until the site has said what it is. */
export function scopesOf(unit: Unit, node: PlanNode): Scope[] {
  const scopes = scopesWithoutEnv(unit, node)
  const operation = firstOperation(node)
  if (!operation) return scopes
  const around = baseScope(unit, operation)
  let declared: Environment | undefined
  const env = (): Scope =>
    environmentOver((declared ??= declaredEnvironment(operation.container, unit.engine, around, scopes)), around)
  return [{ lookup: (name) => (name === 'env' || name.startsWith('env.') ? env().lookup!(name) : undefined) }, ...scopes]
}

/** What a container has by itself; asked for once, and only if somebody wants to know. */
export function baseScope(unit: Unit, node: OperationNode): Scope {
  const { bases, site } = unit
  return {
    lookup(name) {
      if (name !== 'env' && !name.startsWith('env.')) return undefined
      const command = isCommandNode(node) ? node : firstCommand(unit.options.plan.root)
      if (!command) return environmentScope({}).lookup!(name)
      const base = bases.get(command.ref)
      if (base) return environmentScope(base).lookup!(name)
      throw new NotReadYet(async () => {
        bases.set(command.ref, await site.environment(planned(command)))
      })
    },
  }
}

/** A step has the environment of its first operation. */
function firstOperation(node: PlanNode): OperationNode | undefined {
  if (node.kind === 'operation') return node
  for (const inner of nodesOf(node)) if (inner.kind === 'operation') return inner
  return undefined
}

/** What runs in a container: others are done by the engine itself, and have none. */
const isCommandNode = ({ operation }: OperationNode) => operation.type === 'run' || operation.type === 'shell'
function firstCommand(root: PlanNode): OperationNode | undefined {
  for (const node of nodesOf(root)) if (node.kind === 'operation' && isCommandNode(node)) return node
  return undefined
}

function workingFolder(unit: Unit, node: PlanNode): string {
  const folder = firstOperation(node)?.container.workingDir
  // One that is an expression itself is known when its command begins.
  return unit.site.files.path(folder === undefined || folder.includes('{{') ? WORKING_FOLDER : folder)
}
