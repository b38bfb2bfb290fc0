import { markOf } from './marks.ts'
import { isEmptyHanded, isPassedNegative, type NodeView, type UnitView } from './run-view.ts'
import type { Span } from './spans.ts'
import { tookText } from './wording.ts'

/** A step in which all was skipped looks like one that was. */
export const stepMark = (node: NodeView): Span => markOf(isEmptyHanded(node) ? 'skipped' : node.status)

/** What is said of a step behind its name, once it has ended or changed. */
export function stepWords(node: NodeView, { log }: Pick<UnitView, 'log'>): string[] {
  const { status, durationMs, attempt, exitCode, isOptional } = node
  const hasFailed = status === 'failed' || status === 'timeout'
  return [
    ...(status === 'running' || status === 'passed' || status === 'skipped' ? [] : [status]),
    ...(isEmptyHanded(node) ? ['all in it was skipped'] : []),
    ...(isPassedNegative(node) ? ['it passed, but is negative'] : []),
    ...(hasFailed && isOptional ? ['optional'] : []),
    ...(hasFailed ? exitCodeWords(exitCode ?? innerCode(node)) : []),
    ...(attempt > 1 ? [`attempt ${attempt}`] : []),
    ...(durationMs === undefined || status === 'skipped' ? [] : [tookText(durationMs)]),
    ...(hasFailed && log !== undefined && hasSaid(node) ? [log] : []),
  ]
}

/** Of what it does itself. */
export const innerCode = ({ status, children }: NodeView): number | undefined =>
  children.findLast((child) => child.type !== 'step' && child.status === status)?.exitCode

export const exitCodeWords = (exitCode: number | undefined): string[] => (exitCode ? [`exit code ${exitCode}`] : [])

/** Output of itself, or of an operation of it. */
const hasSaid = ({ type, tail, children }: NodeView): boolean =>
  (tail !== '' && type !== 'services-start') || children.some((child) => child.type !== 'step' && hasSaid(child))
