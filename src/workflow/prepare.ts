import { WorkflowSpec } from '../contracts/workflow/document.ts'
import { compile } from './compile.ts'
import { type ConfigValue, configValues } from './config.ts'
import { type Known, simplify } from './field-expressions.ts'
import { labelsScope } from './expressions/status-scope.ts'
import { ExpressionError } from './expressions/expression-error.ts'
import { type Fault, pathText, WorkflowInvalid } from './fault.ts'
import { textFields } from './schema-walk.ts'
import type { KnownDocuments, LoadedWorkflow } from './known-documents.ts'
import { without } from './merge.ts'
import type { WorkflowPlan } from './plan.ts'
import { applyTemplates } from './templates.ts'

/** A workflow as it would run with some parameters. */
export interface Prepared {
  config: Record<string, ConfigValue>
  /** Parameters that are never shown. */
  sensitive: string[]
  plan: WorkflowPlan
}

/**
 * The first stage: parameters, templates, and all that is known of the workflow itself. No environment, no files.
 * @param given values of parameters, texts among them
 * @throws WorkflowInvalid
 */
export function prepare(loaded: LoadedWorkflow, known: KnownDocuments, given: Readonly<Record<string, unknown>>): Prepared {
  const { document, faultAt } = loaded
  const parameters = document.spec.config ?? {}
  const { values, faults } = configValues(parameters, given)
  refuse(faults.map(({ message, hint }) => faultAt(['spec', 'config'], { message, hint })))
  const sensitive = Object.keys(parameters).filter((name) => parameters[name]!.sensitive)
  const { name, labels = {} } = document.metadata
  const ofWorkflow = { 'workflow.name': name, 'workflow.labels': labels }
  const resolved = simplified(loaded, { ...configNames(values), ...ofWorkflow })
  const { spec, faults: templateFaults } = applyTemplates(resolved, known.findTemplate, known.templateNames)
  refuse(templateFaults.map(({ path, ...about }) => faultAt(['spec', ...path], about)))
  // Templates may name the workflow that they are in, too.
  const compiled = compile(simplify(WorkflowSpec, spec, ofWorkflow, [labelsScope(labels)]), { name: document.metadata.name })
  refuse(compiled.faults.map(({ path, ...about }) => faultAt(['spec', ...path], about)))
  return { config: values, sensitive, plan: compiled.plan }
}

function simplified({ document, faultAt }: LoadedWorkflow, names: Known): WorkflowSpec {
  try {
    return simplify<WorkflowSpec>(WorkflowSpec, without(document.spec, 'config'), names)
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    const field = [...textFields(WorkflowSpec, document.spec)].find(({ path }) => pathText(path) === error.path)
    throw new WorkflowInvalid([faultAt(['spec', ...(field?.path ?? [])], { message: error.message, hint: error.hint })])
  }
}

const configNames = (values: Readonly<Record<string, ConfigValue>>): Known =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`config.${name}`, value]))

function refuse(faults: Fault[]): void {
  if (faults.length > 0) throw new WorkflowInvalid(faults)
}
