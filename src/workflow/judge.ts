import { EverwarmError } from '../contracts/errors.ts'
import type { Judge, StepFacts } from './advance.ts'
import { durationMs } from './duration.ts'
import { finalize } from './expressions/document.ts'
import type { Scope } from './expressions/scopes.ts'
import { STATUS_ALIASES } from './expressions/status-scope.ts'
import { isTrue, type Value } from './expressions/values.ts'
import type { PlanNode } from './plan.ts'
import { isSuccess } from './status.ts'

/**
 * Expressions of a running workflow. All names must be known by now.
 * @param scopesOf what else a node may ask: its environment, outputs, services
 */
export function expressionJudge(scopesOf: (node: PlanNode) => readonly Scope[]): Judge {
  const valueOf = (expression: string, scopes: readonly Scope[]): Value => finalize<Value>(expression, 'expression', scopes)
  return {
    isTrue(expression, facts, node) {
      // What nearly all steps say.
      if (expression === 'passed') return facts.status === 'passed'
      if (expression === 'always') return true
      return isTrue(valueOf(expression, [factsScope(facts), STATUS_ALIASES, ...scopesOf(node)]))
    },
    wholeNumber: (expression, node) => wholeNumber(expression, valueOf(expression, scopesOf(node))),
    duration: (template, node) => durationMs(finalize(template, 'template', scopesOf(node))),
  }
}

/** `status`, `self.status`, `step.<id>.status`, `step.<id>.exitCode`; and `<id>`: whether the step passed or was skipped. */
export function factsScope(facts: StepFacts): Scope {
  const steps = stepsScope(facts)
  return {
    lookup(name) {
      if (name === 'status') return facts.status
      if (name === 'self.status') return facts.self
      return steps.lookup!(name)
    },
  }
}

/** The same without what depends on who asks: what workers know of the steps around them. */
export function stepsScope({ step }: Pick<StepFacts, 'step'>): Scope {
  return {
    lookup(name) {
      // No step may call itself `env` or `passed` and change what these mean: it is asked by `step.<id>.status`.
      if (!name.includes('.')) return RESERVED.has(name) ? undefined : passes(step(name))
      const [, id, what] = /^step\.([^.]+)\.(status|exitCode)$/.exec(name) ?? []
      const found = id === undefined ? undefined : step(id)
      return found && (what === 'status' ? found.status : (found.exitCode ?? null))
    },
  }
}

const passes = (found: ReturnType<StepFacts['step']>) => found && isSuccess(found.status)

const RESERVED: ReadonlySet<string> = new Set(
  [
    'status self passed success failed error always never',
    'env config services output step execution workflow labels resource pvcs tarball',
    'index count matrix matrixIndex matrixCount shard shardIndex shardCount',
  ].flatMap((names) => names.split(' ')),
)

function wholeNumber(expression: string, value: Value): number {
  const number = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 0) return number
  throw new EverwarmError('WORKFLOW_INVALID', {
    message: `The expression \`${expression.slice(0, 200)}\` must give a whole number of at least 0.`,
    hint: 'Run `everwarm workflow render FILE` to see what is known of it beforehand.',
  })
}
