import { compile } from '../../src/workflow/compile.ts'
import { faultText } from '../../src/workflow/fault.ts'
import { loadText } from '../../src/workflow/load.ts'
import { nodesOf, type PlanNode, type WorkflowPlan } from '../../src/workflow/plan.ts'
import { applyTemplates } from '../../src/workflow/templates.ts'

/** A workflow from the lines of its `spec`, and templates from those of theirs. */
export function readSpecs(spec: string, templates: Record<string, string> = {}) {
  const documents = Object.entries({ ...templates, '': spec }).map(([name, lines]) => {
    const kind = name === '' ? 'Workflow' : 'WorkflowTemplate'
    const head = `kind: ${kind}\nmetadata: { name: ${name || 'main'} }\nspec:\n`
    const { documents, faults } = loadText(head + lines.replaceAll(/^/gm, '  '), 'w.yaml')
    if (faults.length > 0) throw new Error(faults.map(faultText).join('\n'))
    return documents[0]!.document
  })
  const find = (name: string) => documents.find((each) => each.kind === 'WorkflowTemplate' && each.metadata.name === name)?.spec
  return applyTemplates(documents.at(-1)!.spec, find, Object.keys(templates))
}

export function readPlan(spec: string, templates: Record<string, string> = {}): WorkflowPlan {
  const { spec: merged, faults } = readSpecs(spec, templates)
  const compiled = compile(merged, { name: 'main' })
  const wrong = [...faults, ...compiled.faults]
  if (wrong.length > 0) throw new Error(wrong.map(({ message }) => message).join('\n'))
  return compiled.plan
}

/** What runs, in order: the type of each operation, a step by its name in brackets. */
export const outline = (node: PlanNode): string =>
  node.kind === 'operation' ? node.operation.type : `${node.name ?? ''}(${node.children.map(outline).join(' ')})`

export const stepNamed = (plan: WorkflowPlan, name: string) => {
  const found = [...nodesOf(plan.root)].find((node) => node.kind === 'step' && node.name === name)
  if (found?.kind !== 'step') throw new Error(`no step ${name}`)
  return found
}

/** The `shell` texts in the order in which they run. */
export const scripts = (plan: WorkflowPlan | { root: PlanNode }) =>
  [...nodesOf(plan.root)].flatMap((node) =>
    node.kind === 'operation' && node.operation.type === 'shell' ? [node.container.args![0]!.replace('set -e\n', '')] : [],
  )
