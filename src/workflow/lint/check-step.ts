import type { Path } from '../fault.ts'
import type { StrategyProblem } from './check-strategies.ts'
import { FIRST_NAMES } from './known-names.ts'

/** What a step says about itself: none of it does anything. */
const ABOUT_ITSELF: readonly string[] = [
  'name',
  'id',
  'condition',
  'pure',
  'negative',
  'optional',
  'retry',
  'timeout',
  'container',
  'workingDir',
]

/** Warnings about a step by itself. Pure. */
export function stepProblems(step: Record<string, unknown>, path: Path): StrategyProblem[] {
  const { id } = step
  const problems: StrategyProblem[] = []
  if (Object.keys(step).every((field) => ABOUT_ITSELF.includes(field)))
    problems.push({ path, message: 'The step does nothing.', hint: 'Give it `shell`, `run` or `steps`.', severity: 'warning' })
  if (typeof id === 'string' && FIRST_NAMES.includes(id))
    problems.push({
      path: [...path, 'id'],
      message: `\`${id}\` alone is a name of the language, and never this step.`,
      hint: `Give it another id; \`step.${id}.status\` is known.`,
      severity: 'warning',
    })
  return problems
}
