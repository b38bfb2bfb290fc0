import { WorkflowDocument, WorkflowSpec } from '../contracts/workflow/document.ts'
import { namesHint } from '../system/known-names.ts'
import { compile } from './compile.ts'
import { ExpressionError } from './expressions/expression-error.ts'
import { expressionFault, namesIn, simplify } from './field-expressions.ts'
import type { Fault, Path } from './fault.ts'
import { type KnownDocuments, knownDocuments, type LoadedWorkflow } from './known-documents.ts'
import type { LoadedDocument } from './load.ts'
import { isCountIgnored } from './matrix.ts'
import { isMapLike, textFields } from './schema-walk.ts'
import { applyTemplates } from './templates.ts'
import { unusedFields } from './unused-fields.ts'

/** All that is wrong in documents that have the right shape, and warnings. Pure. */
export function checkDocuments(loaded: readonly LoadedDocument[]): Fault[] {
  const known = knownDocuments(loaded)
  return [
    ...known.faults,
    ...loaded.flatMap((each) => [...expressionFaults(each), ...mapFaults(each)]),
    ...known.workflows.flatMap((each) => treeFaults(each, known)),
    ...known.workflows.flatMap(({ document, faultAt }) =>
      unusedFields(document).map(({ path, ...about }): Fault => ({ ...faultAt(path, about), severity: 'warning' })),
    ),
  ]
}

/** Texts that cannot be read, and parameters that there are not. */
function expressionFaults({ document, faultAt }: LoadedDocument): Fault[] {
  return [...textFields(WorkflowDocument, document)].flatMap(({ path, text, role }) => {
    const fault = expressionFault(text, role)
    if (fault) return [faultAt(path, fault)]
    // A worker of `parallel` may have parameters of its own.
    const parameters = parametersAround(document, path)
    const unknown = namesIn(text, role).find((name) => name.startsWith('config.') && !parameters.includes(name.split('.')[1]!))
    if (unknown === undefined) return []
    const hint = parameters.length > 0 ? namesHint(unknown.split('.')[1]!, parameters) : 'Declare it in `spec.config`.'
    return [faultAt(path, { message: `There is no parameter "${unknown.slice(7)}".`, hint })]
  })
}

function parametersAround(document: unknown, path: Path): string[] {
  const names = new Set<string>()
  let at: unknown = document
  for (const key of path) {
    at = isMapLike(at) || Array.isArray(at) ? (at as Record<string | number, unknown>)[key] : undefined
    const { config } = (isMapLike(at) ? at : {}) as { config?: unknown }
    if ((key === 'spec' || key === 'parallel') && isMapLike(config)) Object.keys(config).forEach((name) => names.add(name))
  }
  return [...names]
}

function mapFaults({ document, faultAt }: LoadedDocument): Fault[] {
  const faults: Fault[] = []
  const visit = (value: unknown, path: Path) => {
    if (typeof value !== 'object' || value === null) return
    if (isMapLike(value)) {
      faults.push(...strategyFaults(value, path).map(({ path, ...about }) => faultAt(path, about)))
      if (path.at(-1) === 'parallel')
        faults.push(...hiddenParameters(document, value, path).map(({ path, ...about }) => faultAt(path, about)))
    }
    for (const [key, inner] of Object.entries(value)) visit(inner, [...path, Array.isArray(value) ? Number(key) : key])
  }
  visit(document.spec, ['spec'])
  return faults
}

type PlacedFault = { path: Path; message: string; hint?: string; severity: 'warning' }

function strategyFaults(value: Record<string, unknown>, path: Path): PlacedFault[] {
  const faults: PlacedFault[] = []
  const warn = (at: Path, message: string, hint?: string) =>
    faults.push({ path: [...path, ...at], message, hint, severity: 'warning' })
  if (isCountIgnored(value))
    warn(['count'], '`count` means nothing beside a `maxCount` that is not lower.', 'Leave one of them away.')
  if (value['by'] === 'duration' && value['dynamic'] === true)
    warn(['by'], '`by` means nothing beside `dynamic`.', 'A queue is pulled longest first anyway.')
  for (const [kind, lists] of Object.entries({ matrix: value['matrix'], shards: value['shards'] })) {
    if (!isMapLike(lists)) continue
    for (const [name, list] of Object.entries(lists)) {
      if (!Array.isArray(list) || list.length > 0) continue
      warn(
        [kind, name],
        kind === 'matrix' ? 'An empty list counts as not written.' : 'The list is empty: there will be no workers.',
      )
    }
  }
  return faults
}

/** What `config.x` means must not depend on where it stands. */
function hiddenParameters(document: unknown, { config }: Record<string, unknown>, path: Path) {
  const outside = parametersAround(document, path.slice(0, -1))
  const both = isMapLike(config) ? Object.keys(config).filter((name) => outside.includes(name)) : []
  return both.map((name) => ({
    path: [...path, 'config', name],
    part: 'key' as const,
    message: `There is a parameter "${name}" outside already.`,
  }))
}

/** What turns out when templates are merged and steps are put in order. */
/** Nobody knows values yet; by another name, since a template may have a parameter of the same one. */
function withOpenParameters(spec: WorkflowSpec): WorkflowSpec {
  const { config, ...rest } = spec
  const names = Object.keys(config ?? {}).map((name) => [`config.${name}`, `{{ given.${name} }}`])
  try {
    return { ...simplify<WorkflowSpec>(WorkflowSpec, rest, Object.fromEntries(names)), ...(config ? { config } : {}) }
  } catch (error) {
    // What cannot be read is told already.
    if (error instanceof ExpressionError) return spec
    throw error
  }
}

function treeFaults({ document, faultAt }: LoadedWorkflow, { findTemplate, templateNames }: KnownDocuments): Fault[] {
  const templated = applyTemplates(withOpenParameters(document.spec), findTemplate, templateNames)
  const faults = templated.faults.map(({ path, cause: _cause, ...about }) => faultAt(['spec', ...path], about))
  if (faults.length > 0) return faults
  const { faults: found } = compile(templated.spec, { name: document.metadata.name })
  return found.map(({ path, ...about }) => faultAt(['spec', ...path], about))
}
