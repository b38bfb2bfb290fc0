import type { Container } from '../../contracts/workflow/container.ts'
import type { Service } from '../../contracts/workflow/service.ts'
import { nearestName } from '../../system/known-names.ts'
import { credentialVariable, secretVariable } from '../executions/secrets.ts'
import { certainCalls } from '../expressions/certain-calls.ts'
import { FieldError, type Place } from '../expressions/expression-error.ts'
import { parseTemplate } from '../expressions/template.ts'
import { shardCountOf } from '../matrix.ts'
import { without } from '../merge.ts'
import type { OperationNode, StepNode, Strategy, WorkflowPlan } from '../plan.ts'
import { isOpenStrategy, readStrategy } from '../strategy.ts'
import { workerPlan } from '../worker-scope.ts'
import type { SecretStore } from './engine-types.ts'

/** A field that certainly needs a secret which there is not. */
export interface MissingSecret {
  node: OperationNode
  error: FieldError
  /** The variable that would give it; none gives a whole secret, or a config map. */
  variable?: string
}

export interface SecretsHere {
  secrets: SecretStore
  /** `secret()`, `secretKeyRef` and `envFrom` mean objects of the cluster: nobody here knows them. */
  isCluster: boolean
}

/**
 * What of a plan cannot work without a secret that nobody has given: not what is optional, or what may never run. Names that are
 * expressions are found when their step runs. Pure.
 */
export function* missingSecrets({ root }: Pick<WorkflowPlan, 'root'>, here: SecretsHere): Generator<MissingSecret> {
  yield* inStep(root, here)
}

function* inStep(step: StepNode, here: SecretsHere): Generator<MissingSecret> {
  if (step.isOptional || !isCertain(step.condition)) return
  for (const child of step.children) {
    if (child.kind === 'step') yield* inStep(child, here)
    else if (isCertain(child.condition)) yield* inOperation(child, here)
  }
}

const isCertain = (condition: string) => condition === 'passed' || condition === 'always' || condition === 'true'

function* inOperation(node: OperationNode, here: SecretsHere): Generator<MissingSecret> {
  const { operation, container } = node
  if (operation.type === 'parallel') {
    if (hasWorkers(operation.parallel)) yield* inStep(workerPlan(operation.worker).plan.root, here)
    return
  }
  for (const need of needsOf(operation, container)) {
    const what = missing(need, here)
    if (what === undefined) continue
    const { path, text, place } = need
    const message = `There is no ${what}.${nearestHint(need, here.secrets)}`
    yield {
      node,
      error: new FieldError('SECRET_UNKNOWN', { message, path, text, place }),
      ...without({ variable: variableOf(need) }),
    }
  }
}

function hasWorkers({ matrix, shards, count, maxCount }: Strategy): boolean {
  const read = readStrategy({ matrix, shards, count, maxCount }, () => undefined)
  return (
    !isOpenStrategy(read) && shardCountOf(read) > 0 && Object.values(read.shards ?? {}).every(({ items }) => items.length > 0)
  )
}

/** A secret that a field of an operation names, as `shownAt` wants its path. */
interface Need {
  kind: 'secret' | 'configMap' | 'credential'
  name: string
  /** Absent: any key at all. */
  key?: string
  /** From the cluster, where there is one. */
  isOfCluster: boolean
  path: string
  text?: string
  place?: Place
}

function* needsOf(operation: OperationNode['operation'], container: Container): Generator<Need> {
  switch (operation.type) {
    case 'run':
    case 'shell':
      return yield* inContainer(container, '', 'container.env')
    case 'services-start':
      for (const [name, service] of Object.entries(operation.services)) {
        if (!hasWorkers(service)) continue
        const { content, ...rest } = service
        yield* inContainer(rest as Service, `services.${name}`, `services.${name}.env`)
        yield* inFields(content, `services.${name}.content`)
      }
      return
    case 'files':
      return yield* inFields(operation.files, '')
    case 'git':
      return yield* inFields(operation.git, '')
    case 'tarballs':
      return yield* inFields(operation.tarballs, '')
    case 'execute':
      return yield* inFields(operation.execute.workflows, 'execute.workflows')
  }
}

function* inContainer(container: Container, path: string, envPath: string): Generator<Need> {
  const { env = [], envFrom = [], ...rest } = container
  yield* inFields(rest, path)
  for (const { name, value, valueFrom } of env) {
    const at = `${envPath}.${name}`
    if (valueFrom === undefined) yield* inFields(value, at)
    else yield* referred(valueFrom, at, true)
  }
  for (const [i, source] of envFrom.entries()) {
    const { secretRef, configMapRef } = source as Partial<Record<string, Reference>>
    const ref = secretRef ?? configMapRef
    if (ref?.name === undefined || ref.optional || ref.name.includes('{{')) continue
    const at = `${envPath.replace(/\.env$/, '.envFrom')}[${i}]`
    yield { kind: secretRef ? 'secret' : 'configMap', name: ref.name, isOfCluster: true, path: at }
  }
}

interface Reference {
  name?: string
  key?: string
  optional?: boolean
}

function* referred(valueFrom: Readonly<Record<string, unknown>>, path: string, isOfCluster: boolean): Generator<Need> {
  const { secretKeyRef, configMapKeyRef } = valueFrom as Partial<Record<string, Reference>>
  const { name, key, optional } = secretKeyRef ?? configMapKeyRef ?? {}
  if (name === undefined || key === undefined || optional || `${name}${key}`.includes('{{')) return
  yield { kind: secretKeyRef ? 'secret' : 'configMap', name, key, isOfCluster, path }
}

const FROM = /(?:^|\.)(?:content|username|token|sshKey)From$/

/** All texts in a value are templates. */
function* inFields(value: unknown, path: string): Generator<Need> {
  if (typeof value === 'string') return yield* inText(value, path)
  if (typeof value !== 'object' || value === null) return
  if (FROM.test(path)) return yield* referred(value as Record<string, unknown>, path, false)
  for (const [name, inner] of Object.entries(value)) {
    const key = Array.isArray(value) ? `[${name}]` : /^[\w-]+$/.test(name) ? name : `[${JSON.stringify(name)}]`
    yield* inFields(inner, path === '' || key.startsWith('[') ? `${path}${key}` : `${path}.${key}`)
  }
}

function* inText(text: string, path: string): Generator<Need> {
  if (!/\{\{[^]*(?:secret|credential)/.test(text)) return
  for (const part of parseTemplate(text).parts) {
    if (typeof part === 'string') continue
    for (const { name, values, place } of certainCalls(part, ['secret', 'credential'])) {
      const [first, key] = values
      if (typeof first !== 'string') continue
      const at = { path, text, ...(place ? { place } : {}) }
      if (name === 'credential') yield { kind: 'credential', name: first, isOfCluster: false, ...at }
      else if (typeof key === 'string') yield { kind: 'secret', name: first, key, isOfCluster: true, ...at }
    }
  }
}

/** What there is not, in words; undefined: it is there, or nobody here can know. */
function missing({ kind, name, key, isOfCluster }: Need, { secrets, isCluster }: SecretsHere): string | undefined {
  if (isOfCluster && isCluster) return undefined
  if (kind === 'credential') return secrets.credential(name) === undefined ? `credential "${name}"` : undefined
  const what = `${kind === 'secret' ? 'secret' : 'config map'} "${name}"`
  if (key === undefined) return secrets.keysOf(kind, name) ? undefined : what
  return secrets[kind](name, key) === undefined ? `key "${key}" of the ${what}` : undefined
}

/** The name that was probably meant: of the secret, or where there is one, of its key. */
function nearestHint({ kind, name, key }: Need, secrets: SecretStore): string {
  const keys = kind === 'credential' ? undefined : secrets.keysOf(kind, name)
  const nearest = keys && key !== undefined ? nearestName(key, keys) : nearestName(name, secrets.names?.(kind) ?? [])
  return nearest === undefined || nearest === name ? '' : ` Did you mean "${nearest}"?`
}

function variableOf({ kind, name, key }: Need): string | undefined {
  if (kind === 'credential') return credentialVariable(name)
  return kind === 'secret' && key !== undefined ? secretVariable(name, key) : undefined
}
