import type { Container, EnvVariable } from '../../contracts/workflow/container.ts'
import { EverwarmError } from '../../contracts/errors.ts'
import { finalize } from '../expressions/document.ts'
import { inField } from '../expressions/expression-error.ts'
import { environmentScope, type Scope } from '../expressions/scopes.ts'
import type { Engine } from './engine.ts'

export type Environment = Record<string, string>

/**
 * The variables that a container says it has. Each may use the others, wherever they stand, and the one of its own name outside.
 * Values of secrets are masked from here on.
 * @param around what the container has by itself
 * @param field that has the variables, as errors name it
 * @throws EverwarmError SECRET_UNKNOWN; ExpressionError
 */
export function declaredEnvironment(
  { env = [], envFrom = [] }: Pick<Container, 'env' | 'envFrom'>,
  engine: Engine,
  around: Scope,
  scopes: readonly Scope[],
  field = 'container.env',
): Environment {
  const from: Environment = {}
  // A platform with secrets of its own gives the values itself: they never come here.
  if (engine.executor.name !== 'kubernetes') for (const source of envFrom) Object.assign(from, wholeSource(source, engine))
  return new Declaring(env, from, around, (variable, own) =>
    inField(`${field}.${variable.name}`, () => valueOf(variable, engine, [own, ...scopes])),
  ).all()
}

type Resolve = (variable: EnvVariable, own: Scope) => string | undefined

/** Variables, each resolved when another one asks for it: what stands further inside may be used by what stands outside. */
class Declaring {
  readonly #declared: Environment
  /** By name: those that are not resolved yet, the innermost last. */
  readonly #open: Map<string, EnvVariable[]>
  readonly #resolve: Resolve
  readonly #own: Scope

  constructor(env: readonly EnvVariable[], from: Environment, around: Scope, resolve: Resolve) {
    this.#declared = { ...from }
    this.#open = Map.groupBy(env, ({ name }) => name)
    this.#resolve = resolve
    const over = environmentOver(this.#declared, around)
    this.#own = {
      lookup: (name) => {
        if (name.startsWith('env.')) this.#settle(name.slice(4))
        return over.lookup!(name)
      },
    }
  }

  all(): Environment {
    for (const name of this.#open.keys()) this.#settle(name)
    return this.#declared
  }

  /** One that is being resolved already speaks of itself, or in a circle: it means what there was before it. */
  #settle(name: string): void {
    const variable = this.#open.get(name)?.pop()
    if (!variable) return
    const value = this.#resolve(variable, this.#own)
    if (value !== undefined) this.#declared[name] = value
    this.#open.delete(name)
  }
}

/** `env.NAME` of what is declared, and of what is around it. */
export function environmentOver(declared: Environment, around: Scope): Scope {
  const own = environmentScope(declared)
  return {
    lookup(name) {
      if (name === 'env') return { ...(around.lookup!('env') as object), ...declared }
      const key = name.startsWith('env.') ? name.slice(4) : undefined
      return key !== undefined && Object.hasOwn(declared, key) ? own.lookup!(name) : around.lookup!(name)
    },
  }
}

function valueOf({ value, valueFrom }: EnvVariable, engine: Engine, scopes: readonly Scope[]): string | undefined {
  if (valueFrom === undefined) {
    if (value === undefined || !value.includes('{{')) return value ?? ''
    return finalize(value, 'template', scopes)
  }
  const optional = Object.values(valueFrom).find((ref) => (ref as KeyRef | null)?.optional)
  const isOurs = Object.hasOwn(valueFrom, 'credentialRef')
  if (engine.executor.name === 'kubernetes' && !isOurs) return undefined
  try {
    return referredValue(valueFrom, engine)
  } catch (error) {
    if (optional && error instanceof EverwarmError && error.code === 'SECRET_UNKNOWN') return undefined
    throw error
  }
}

/** The value behind `contentFrom`, `tokenFrom` and the like, masked from here on. @throws EverwarmError SECRET_UNKNOWN, FIELD_UNSUPPORTED */
export function referredValue(valueFrom: Readonly<Record<string, unknown>>, engine: Engine): string {
  const { secretKeyRef, configMapKeyRef, credentialRef } = valueFrom as Partial<Record<string, KeyRef>>
  if (credentialRef) return kept(engine, engine.secrets.credential(credentialRef.name!), `credential "${credentialRef.name}"`)
  if (secretKeyRef) return kept(engine, fromStore(secretKeyRef, 'secret', engine), what('secret', secretKeyRef))
  if (configMapKeyRef) return fromStore(configMapKeyRef, 'configMap', engine) ?? unknown(what('config map', configMapKeyRef))
  throw unsupported(valueFrom)
}

function unsupported(valueFrom: object): EverwarmError {
  return new EverwarmError('FIELD_UNSUPPORTED', {
    message: `${Object.keys(valueFrom).join(', ')} means something on Kubernetes only, and there for variables.`,
    hint: 'Use secretKeyRef or configMapKeyRef, or give it a value.',
  })
}

interface KeyRef {
  name?: string
  key?: string
  optional?: boolean
}

const what = (kind: string, { name, key }: KeyRef) => `key "${key}" of the ${kind} "${name}"`
const fromStore = ({ name = '', key = '' }: KeyRef, kind: 'secret' | 'configMap', { secrets }: Engine) => secrets[kind](name, key)

function kept(engine: Engine, value: string | undefined, about: string): string {
  if (value === undefined) return unknown(about)
  engine.masks.add(value)
  return value
}

function unknown(about: string): never {
  throw new EverwarmError('SECRET_UNKNOWN', {
    message: `There is no ${about}.`,
    hint: 'Give it in the file of `--secrets`; see docs/workflow-run.md.',
  })
}

function wholeSource(source: Readonly<Record<string, unknown>>, engine: Engine): Environment {
  const { prefix = '', secretRef, configMapRef } = source as { prefix?: string; secretRef?: KeyRef; configMapRef?: KeyRef }
  const [kind, ref] = secretRef ? (['secret', secretRef] as const) : (['configMap', configMapRef ?? {}] as const)
  const keys = engine.secrets.keysOf(kind, ref.name ?? '')
  if (!keys) return ref.optional ? {} : unknown(`${kind === 'secret' ? 'secret' : 'config map'} "${ref.name}"`)
  return Object.fromEntries(
    keys.map((key) => {
      const value = engine.secrets[kind](ref.name ?? '', key)!
      if (secretRef) engine.masks.add(value)
      return [`${prefix}${key}`, value]
    }),
  )
}
