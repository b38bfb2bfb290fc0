import type { z } from 'zod'
import { ExecuteWorkflow, type Execute } from '../../contracts/workflow/execute.ts'
import { Service } from '../../contracts/workflow/service.ts'
import { Parallel } from '../../contracts/workflow/step.ts'
import type { Strategy as Lists } from '../../contracts/workflow/strategy.ts'
import { expressionValue, simplify } from '../field-expressions.ts'
import { expand, type Expansion, type WorkerPlace } from '../matrix.ts'
import { without } from '../merge.ts'
import type { Strategy } from '../plan.ts'
import { isOpenStrategy, readStrategy } from '../strategy.ts'
import { workerNames } from '../worker-scope.ts'
import { commandText, renderContainer } from './render-parts.ts'
import type { RenderedWorkers } from './rendered.ts'

/** @param inside what the worker of a place runs */
export function renderParallel(
  parallel: Strategy,
  inside: (place?: WorkerPlace) => Pick<RenderedWorkers, 'settings' | 'first'>,
): RenderedWorkers {
  const { description, parallelism, failFast, logs, transfer, fetch } = parallel
  return {
    ...instances('worker', parallel, Parallel, without({ description, transfer, fetch })),
    ...without({ parallelism: limitOf(parallelism, 1_000), logs: logs === undefined ? undefined : String(logs) }),
    ...(failFast ? { failFast: true } : {}),
    ...inside(placesOf(parallel)?.[0]),
  }
}

export const renderServices = (services: Readonly<Record<string, Service>>): RenderedWorkers[] =>
  Object.entries(services).map(([name, service]) => {
    const { shell, image, imagePullPolicy, workingDir, command, args, env, envFrom, resources, securityContext } = service
    const script = shell === undefined ? undefined : ['sh', '-c', shell]
    const own = script ? { command: script } : without({ command, args })
    const { volumeMounts } = service
    const settings = without({ image, imagePullPolicy, workingDir, env, envFrom, resources, securityContext, volumeMounts })
    const container = { ...settings, ...own }
    const { description, logs, timeout, transfer, ports, restartPolicy, readinessProbe } = service
    const also = (['content', 'pod', 'pvcs'] as const).filter((field) => service[field] !== undefined)
    return {
      ...instances(name, service, Service, without({ description, timeout, transfer, readinessProbe })),
      command: script ? shell! : commandText(container),
      container: renderContainer(container),
      ...without({ ports, restartPolicy, logs: logs === undefined ? undefined : String(logs) }),
      ...(also.length > 0 ? { also } : {}),
    }
  })

export const renderExecutions = ({ workflows }: Execute): RenderedWorkers[] =>
  workflows.map((each) => {
    const { name, selector, description, config, executionName, tarball, target } = each
    const labels = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`)
    const own = without({ description, config, executionName, tarball, target })
    const found = instances(name ?? `labels ${labels.join(', ')}`, each, ExecuteWorkflow, own)
    return name === undefined ? { ...found, ofEach: true } : found
  })

/** How many at a time: a number, or the expression of which nothing is known yet. */
export function limitOf(given: number | string | undefined, otherwise: number): number | string {
  if (given === undefined) return otherwise
  const value = typeof given === 'string' ? expressionValue(given) : given
  return value === undefined || Number.isNaN(Number(value)) ? String(given) : Number(value)
}

const read = ({ matrix, shards, by, dynamic, count, maxCount }: Lists) =>
  readStrategy(without({ matrix, shards, by, dynamic, count, maxCount }), expressionValue)

function placesOf(strategy: Lists): WorkerPlace[] | undefined {
  const lists = read(strategy)
  return isOpenStrategy(lists) ? undefined : expand(lists).workers
}

/** @param own fields that are told with the names of its place put in, where there is only one */
function instances(name: string, strategy: Lists, schema: z.ZodType, own: Partial<RenderedWorkers>): RenderedWorkers {
  const lists = read(strategy)
  const isByDuration = strategy.by === 'duration' && strategy.dynamic !== true && strategy.shards !== undefined
  const cut = {
    ...(isByDuration ? { by: 'duration' as const } : {}),
    ...(strategy.dynamic === true ? { dynamic: true as const } : {}),
  }
  if (isOpenStrategy(lists)) return { name, ...mostOf(strategy), open: lists.open, ...cut, ...own }
  const { workers, queues, skipped }: Expansion = expand(lists)
  if (skipped !== undefined) return { name, count: 0, skipped }
  const told = workers.length === 1 ? simplify(schema, own, workerNames(workers[0]!)) : own
  const queued = Object.keys(queues).length > 0 ? { queues } : {}
  return { name, count: workers.length, places: workers, ...queued, ...cut, ...told }
}

/** Where only the lists of `shards` are not known yet, there can be no more than this. */
function mostOf({ matrix, shards: _, ...strategy }: Lists): Pick<RenderedWorkers, 'most'> {
  if (strategy.count === undefined && strategy.maxCount === undefined) return {}
  const lists = read({ ...strategy, ...(matrix ? { matrix } : {}) })
  return isOpenStrategy(lists) ? {} : { most: expand(lists).workers.length }
}
