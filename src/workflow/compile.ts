import type { Container } from '../contracts/workflow/container.ts'
import type { WorkflowSpec } from '../contracts/workflow/document.ts'
import type { Service } from '../contracts/workflow/service.ts'
import type { Parallel, Step } from '../contracts/workflow/step.ts'
import type { Path } from './fault.ts'
import { inheritContainer, mergeUnder, without } from './merge.ts'
import { AT, type Written } from './origins.ts'
import {
  isCommand,
  nodesOf,
  type Operation,
  type OperationNode,
  type PlanNode,
  SCRIPT_PREFIX,
  type StepNode,
  type Strategy,
  type WorkflowPlan,
} from './plan.ts'

export interface CompileFault {
  path: Path
  message: string
  hint?: string
}

export interface Compiled {
  plan: WorkflowPlan
  faults: CompileFault[]
}

export const NOTHING_TO_RUN = 'There is nothing to run.'

export interface CompileOptions {
  name: string
  /** What all steps get; a worker has that of the step that starts it. */
  container?: Container
}

/** A workflow without templates as the tree of what runs, in the order in which it runs. Pure. */
export function compile(spec: WorkflowSpec & Written, options: CompileOptions): Compiled {
  const compiling = new Compiling(spec)
  const outer: Container = { env: [{ name: 'CI', value: '1', global: true }] }
  const inherited = {
    container: inheritContainer(outer, options.container),
    pod: spec.pod,
    isPure: spec.system?.pureByDefault ?? false,
  }
  const { content, container, services, setup, steps, after } = spec
  const root = compiling.step(without({ content, container, services, setup, steps, after, [AT]: spec[AT] }), [], inherited)
  if (![...nodesOf(root)].some((node) => node.kind === 'operation'))
    compiling.faults.push({
      path: [],
      message: NOTHING_TO_RUN,
      hint: 'Give it `steps`, and a step `shell`, `run` or `parallel`.',
    })
  const { job, pod, pvcs, system, execution, timeouts, concurrency } = spec
  return {
    plan: { name: options.name, root, ...without({ job, pod, pvcs, system, execution, timeouts, concurrency }) },
    faults: compiling.faults,
  }
}

/** A workflow is a step, too, with `after`. */
type AnyStep = Step & Pick<WorkflowSpec, 'after'> & Written

interface Inherited {
  container: Container
  pod: WorkflowSpec['pod']
  isPure: boolean
}

class Compiling {
  readonly faults: CompileFault[] = []
  readonly #ids = new Map<string, { isTaken: boolean }>()
  readonly #spec: WorkflowSpec
  #refs = 0

  constructor(spec: WorkflowSpec) {
    this.#spec = spec
    // An id that is written beats one that is made of a name, wherever it stands.
    for (const step of stepsOf(spec)) if (step.id !== undefined) this.#ids.set(step.id, { isTaken: false })
  }

  step(step: AnyStep, path: Path, outer: Inherited): StepNode {
    const ref = this.#ref()
    const container = inheritContainer(outer.container, withFolder(step))
    // Who wants containers apart wants all of them apart.
    const isPure = !this.#spec.system?.isolatedContainers && (step.pure ?? outer.isPure)
    const inherited = { ...outer, container, isPure }
    const children = this.#children(step, ref, path, inherited)
    if (step.paused && !children.some(hasCommand)) children.push(this.#operation({ type: 'wait' }, step, inherited))
    return {
      kind: 'step',
      ref,
      ...without({ id: this.#id(step, path), name: step.name, at: step[AT] }),
      condition: text(step.condition ?? 'passed'),
      isNegative: step.negative ?? false,
      isOptional: step.optional ?? false,
      isPaused: step.paused ?? false,
      ...(step.retry ? { retry: { count: text(step.retry.count), until: text(step.retry.until ?? 'passed') } } : {}),
      ...(step.timeout === undefined ? {} : { timeout: step.timeout }),
      children,
    }
  }

  #children(step: AnyStep, ref: string, path: Path, inherited: Inherited): PlanNode[] {
    const { content = {}, services = {} } = step
    const hasServices = Object.keys(services).length > 0
    const children: PlanNode[] = []
    const add = (operation: Operation, container = inherited.container) => {
      children.push(this.#operation(operation, step, { ...inherited, container }))
    }
    if (step.delay !== undefined) add({ type: 'delay', delay: step.delay })
    if (content.files?.length) add({ type: 'files', files: content.files })
    if (content.git) add({ type: 'git', git: content.git })
    if (content.tarball?.length) add({ type: 'tarballs', tarballs: content.tarball })
    if (hasServices) add({ type: 'services-start', group: ref, services: serviceSettings(services, inherited) })
    children.push(...this.#nested(step.setup, [...path, 'setup'], inherited))
    if (step.run) add({ type: 'run' }, this.#runContainer(step.run, inherited.container, [...path, 'run']))
    if (step.shell !== undefined) add({ type: 'shell' }, shellContainer(inherited.container, step.shell))
    if (step.execute) add({ type: 'execute', execute: step.execute })
    if (step.parallel) add(this.#parallel(step.parallel, [...path, 'parallel'], inherited))
    children.push(...this.#nested(step.steps, [...path, 'steps'], inherited))
    children.push(...this.#nested(step.after, [...path, 'after'], inherited))
    if (hasServices) add({ type: 'services-stop', group: ref, logs: logsOf(services) })
    if (step.artifacts) add({ type: 'artifacts', artifacts: step.artifacts })
    return children
  }

  #nested(steps: readonly Step[] | undefined, path: Path, inherited: Inherited): StepNode[] {
    return (steps ?? []).map((step, i) => this.step(step, [...path, i], inherited))
  }

  #operation(operation: Operation, step: AnyStep, { container, isPure: mayShare }: Inherited): OperationNode {
    const isAlways = operation.type === 'artifacts' || operation.type === 'services-stop'
    const own = step.condition === undefined ? undefined : text(step.condition)
    const condition = isAlways ? (own === undefined || own === 'always' ? 'always' : `always && (${own})`) : (own ?? 'passed')
    const isPure = mayShare && !this.#spec.system?.isolatedContainers
    return { kind: 'operation', ref: this.#ref(), condition, operation, container, isPure, ...without({ at: step[AT] }) }
  }

  #runContainer(run: NonNullable<Step['run']>, outer: Container, path: Path): Container {
    const inner = inheritContainer(outer, without(run, 'shell'))
    if (run.shell !== undefined) return shellContainer(inner, run.shell)
    if (!inner.command && !inner.args && !inner.image)
      this.faults.push({
        path,
        message: 'It has no command.',
        hint: 'Give it `command`, `shell`, or an `image` that has a command.',
      })
    return inner
  }

  /** Volumes of the step are not those of its workers. */
  #parallel(parallel: Parallel, path: Path, inherited: Inherited): Operation {
    const { matrix, shards, by, dynamic, count, maxCount, parallelism, failFast, description, logs, transfer, fetch, ...rest } =
      parallel
    const strategy: Strategy = without({
      matrix,
      shards,
      by,
      dynamic,
      count,
      maxCount,
      parallelism,
      failFast,
      description,
      logs,
      transfer,
      fetch,
    })
    const container = inheritContainer(without(inherited.container, 'volumeMounts') as Container, rest.container)
    const worker = {
      ...rest,
      container,
      ...without({ pod: mergeUnder(inherited.pod, rest.pod), system: mergeUnder(this.#spec.system, rest.system) }),
    }
    const { faults } = compile(worker, { name: 'worker' })
    this.faults.push(...faults.map((fault) => ({ ...fault, path: [...path, ...fault.path] })))
    return { type: 'parallel', parallel: strategy, worker }
  }

  #ref(): string {
    return `r${this.#refs++}`
  }

  #id({ id, name }: Step, path: Path): string | undefined {
    if (id !== undefined) {
      if (this.#ids.get(id)?.isTaken) this.faults.push({ path: [...path, 'id'], message: `Another step has the id "${id}".` })
      this.#ids.set(id, { isTaken: true })
      return id
    }
    const derived = idOfName(name ?? '')
    if (derived === '' || this.#ids.has(derived)) return undefined
    this.#ids.set(derived, { isTaken: false })
    return derived
  }
}

/** Lower case, and `_` for what is no letter or digit. */
export const idOfName = (name: string) =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '_')
    .replace(/^_+/, '')

const text = (value: string | number | boolean) => String(value)
const hasCommand = (node: PlanNode) => [...nodesOf(node)].some((each) => each.kind === 'operation' && isCommand(each.operation))
const withFolder = ({ container, workingDir }: Step): Container | undefined =>
  workingDir === undefined ? container : { ...container, workingDir }

function shellContainer(container: Container, script: string): Container {
  return { ...container, command: ['sh', '-c'], args: [`${SCRIPT_PREFIX}${script}`] }
}

function serviceSettings(services: Readonly<Record<string, Service>>, { container, pod }: Inherited): Record<string, Service> {
  const global = (container.env ?? []).filter((variable) => variable.global)
  const secrets = pod?.imagePullSecrets ? { imagePullSecrets: pod.imagePullSecrets } : undefined
  return Object.fromEntries(
    Object.entries(services).map(([name, service]) => [
      name,
      {
        ...service,
        ...without({ pod: mergeUnder(secrets, service.pod) }),
        ...(global.length > 0 ? { env: inheritContainer({ env: global }, { env: service.env }).env } : {}),
      },
    ]),
  )
}

const logsOf = (services: Readonly<Record<string, Service>>) =>
  Object.fromEntries(Object.entries(services).flatMap(([name, { logs }]) => (logs === undefined ? [] : [[name, text(logs)]])))

function* stepsOf({ setup = [], steps = [], after = [] }: Pick<WorkflowSpec, 'setup' | 'steps' | 'after'>): Generator<Step> {
  for (const step of [...setup, ...steps, ...after]) {
    yield step
    yield* stepsOf(step)
  }
}
