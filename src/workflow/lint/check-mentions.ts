import { namesHint, nearestName } from '../../system/known-names.ts'
import type { Path } from '../fault.ts'
import { isMapLike } from '../schema-walk.ts'
import type { StrategyProblem } from './check-strategies.ts'
import type { Survey } from './survey.ts'

const OTHER_FILE = 'Name its file in the command, too.'

/** A template that is used and that there is not. */
export function useProblem({ name }: Record<string, unknown>, path: Path, { templates, isWhole }: Survey): StrategyProblem[] {
  if (typeof name !== 'string' || name === '' || templates.has(name) || !isWhole) return []
  const names = [...templates.keys()]
  const hint = nearestName(name, names) === undefined ? OTHER_FILE : namesHint(name, names)
  return [{ path: [...path, 'name'], message: `There is no template "${name}".`, hint }]
}

/** A workflow that is executed and that there is not: it may stand in a file that is named when it runs. */
export function executeProblem(value: Record<string, unknown>, path: Path, { workflows, isWhole }: Survey): StrategyProblem[] {
  if (!isWhole) return []
  const { name, selector } = value
  if (typeof name === 'string' && !name.includes('{{') && !workflows.some((each) => each.name === name)) {
    const message = `There is no workflow "${name}" in the files that were given.`
    return [{ path: [...path, 'name'], message, hint: OTHER_FILE, severity: 'warning' }]
  }
  const labels = isMapLike(selector) && isMapLike(selector['matchLabels']) ? Object.entries(selector['matchLabels']) : []
  if (labels.length === 0 || labels.some(([, wanted]) => typeof wanted !== 'string' || wanted.includes('{{'))) return []
  if (workflows.some((each) => labels.every(([key, wanted]) => each.labels[key] === wanted))) return []
  const message = `No workflow in the files that were given has the labels ${labels.map((pair) => pair.join('=')).join(', ')}.`
  return [{ path: [...path, 'selector'], message, hint: OTHER_FILE, severity: 'warning' }]
}
