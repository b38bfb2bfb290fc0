import type { PlanNode, StepNode } from '../plan.ts'

/**
 * What people see of steps without a name: what the step does, or where it stands if another one of them does the same, behind the
 * title of the step that they are in: `Build › shell`, `Build › step 2`.
 * @param children of one step, in the order in which they run @param outside its title; '' for a workflow
 */
export function stepTitles(children: readonly PlanNode[], outside: string): Map<PlanNode, string> {
  const steps = children.filter((node): node is StepNode => node.kind === 'step')
  const unnamed = steps.flatMap((step, i) => (step.name === undefined ? [{ step, at: i + 1, word: whatItDoes(step) }] : []))
  const alike = Map.groupBy(unnamed, ({ word }) => word)
  const before = outside === '' ? '' : `${outside} › `
  return new Map(
    unnamed.map(({ step, at, word }) => {
      const isOnly = word !== undefined && alike.get(word)!.length === 1
      return [step, `${before}${isOnly ? word : `step ${at}`}`]
    }),
  )
}

/** What is around it: files that come before, services, what is kept behind. */
const ASIDE = /^(?:delay|files|git|tarballs|services-start|services-stop|artifacts|wait)$/

/** One word; undefined if it does several things. */
function whatItDoes({ children }: StepNode): string | undefined {
  const first = children[0]
  if (children.length === 1 && first) return first.kind === 'step' ? undefined : first.operation.type
  const main = children.filter((node) => node.kind === 'step' || !ASIDE.test(node.operation.type))
  const [only, more] = main
  return only?.kind === 'operation' && !more ? only.operation.type : undefined
}
