import { EverwarmError } from '../contracts/errors.ts'
import { maskValues } from '../content/mask-values.ts'
import type { Masks } from '../content/masks.ts'
import { WorkflowSpec } from '../contracts/workflow/document.ts'
import { compile } from './compile.ts'
import { type ConfigValue, configValues } from './config.ts'
import { type Known, simplify } from './field-expressions.ts'
import { labelsScope } from './expressions/status-scope.ts'
import { FieldError } from './expressions/expression-error.ts'
import { type Fault, pathText, WorkflowInvalid } from './fault.ts'
import { textFields } from './schema-walk.ts'
import type { KnownDocuments, LoadedWorkflow } from './known-documents.ts'
import { without } from './merge.ts'
import { inSpec, originOf, withOrigins } from './origins.ts'
import type { WorkflowPlan } from './plan.ts'
import { sensitiveMasks } from './sensitive.ts'
import { applyTemplates } from './templates.ts'
import { writtenField } from './written-field.ts'

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
  const declared = (name: string) => (Object.hasOwn(parameters, name) ? [name] : [])
  refuse(faults.map(({ name, message, hint }) => faultAt(['spec', 'config', ...declared(name)], { message, hint, part: 'key' })))
  const sensitive = Object.keys(parameters).filter((name) => parameters[name]!.sensitive)
  try {
    return { config: values, sensitive, plan: planOf(loaded, known, values) }
  } catch (error) {
    throw sensitive.length === 0 ? error : hidden(error, sensitiveMasks({ config: values, sensitive }))
  }
}

/** Faults quote texts into which parameters have been put. */
function hidden(error: unknown, masks: Pick<Masks, 'text'>): unknown {
  if (error instanceof WorkflowInvalid)
    return new WorkflowInvalid(error.faults.map((fault) => maskValues(fault, masks, ['file', 'severity'])))
  if (!(error instanceof EverwarmError)) return error
  const { code, message, hint } = error
  return new EverwarmError(code, {
    message: masks.text(message),
    hint: hint === undefined ? undefined : masks.text(hint),
    cause: error,
  })
}

function planOf(loaded: LoadedWorkflow, known: KnownDocuments, values: Readonly<Record<string, ConfigValue>>): WorkflowPlan {
  const { document, faultAt } = loaded
  const { name, labels = {} } = document.metadata
  const ofWorkflow = { 'workflow.name': name, 'workflow.labels': labels }
  const resolved = simplified(loaded, withOrigins(document, placeOf(loaded, known)), { ...configNames(values), ...ofWorkflow })
  const { spec, faults: templateFaults } = applyTemplates(resolved, known.findTemplate, known.templateNames)
  refuse(templateFaults.map(({ path, cause, ...about }) => writtenFault(cause, known) ?? faultAt(['spec', ...path], about)))
  // Templates may name the workflow that they are in, too.
  const whole = simplifiedWhole(spec, known, () => simplify(WorkflowSpec, spec, ofWorkflow, [labelsScope(labels)]))
  const compiled = compile(whole, { name: document.metadata.name })
  refuse(compiled.faults.map(({ path, ...about }) => faultAt(['spec', ...path], about)))
  return compiled.plan
}

function simplified({ document, faultAt }: LoadedWorkflow, spec: WorkflowSpec, names: Known): WorkflowSpec {
  try {
    return simplify<WorkflowSpec>(WorkflowSpec, without(spec, 'config'), names)
  } catch (error) {
    if (!(error instanceof FieldError)) throw error
    const field = [...textFields(WorkflowSpec, document.spec)].find(({ path }) => pathText(path) === error.path)
    throw new WorkflowInvalid([
      faultAt(['spec', ...(field?.path ?? [])], { message: error.what, ...without({ hint: error.hint, within: error.place }) }),
    ])
  }
}

/** Fields have moved by now, as templates put them. */
function simplifiedWhole(spec: WorkflowSpec, known: KnownDocuments, act: () => WorkflowSpec): WorkflowSpec {
  try {
    return inSpec(spec, act)
  } catch (error) {
    const fault = writtenFault(error, known)
    throw fault ? new WorkflowInvalid([fault]) : error
  }
}

/** An error of a step that knows where it is written; undefined for all others. */
function writtenFault(error: unknown, { documents }: KnownDocuments): Fault | undefined {
  if (!(error instanceof FieldError) || error.origin === undefined) return undefined
  const written = writtenField(documents, error.origin, [error.path ?? ''], error)
  if (!written) return undefined
  const { field: _field, step: _step, ...place } = written
  const path = [pathText(originOf(error.origin).path), error.path].filter(Boolean).join('.')
  return { ...place, path, message: error.what, severity: 'error', ...without({ hint: error.hint }) }
}

const placeOf = ({ document: { kind, metadata } }: LoadedWorkflow, { documents }: KnownDocuments) =>
  documents.findIndex(({ document }) => document.kind === kind && document.metadata.name === metadata.name)

const configNames = (values: Readonly<Record<string, ConfigValue>>): Known =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`config.${name}`, value]))

function refuse(faults: Fault[]): void {
  if (faults.length > 0) throw new WorkflowInvalid(faults)
}
