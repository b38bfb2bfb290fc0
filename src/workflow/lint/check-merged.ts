import { WorkflowSpec } from '../../contracts/workflow/document.ts'
import { compile, NOTHING_TO_RUN } from '../compile.ts'
import { ExpressionError } from '../expressions/expression-error.ts'
import { simplify } from '../field-expressions.ts'
import type { Fault, Path } from '../fault.ts'
import { isWithin, type LoadedDocument } from '../load.ts'
import { applyTemplates } from '../templates.ts'
import { writtenAt } from '../origins.ts'
import { type MergedCopy, mergedCopy, NOTHING } from './merged-copy.ts'
import { type Survey, writtenOf } from './survey.ts'

/**
 * What turns out when templates are merged and steps are put in order; nothing that follows from what is told already.
 * @param told of each document, the texts of which something is wrong
 */
export function mergedFaults(loaded: readonly LoadedDocument[], survey: Survey, told: readonly ReadonlySet<string>[]): Fault[] {
  const isTemplate = (name: string) => survey.templates.has(name)
  const copies = loaded.map((each, i) => mergedCopy(each, i, told[i]!, isTemplate))
  const templates = new Map<string, MergedCopy>([[NOTHING, { spec: {}, isOpen: false }]])
  for (const [i, { document }] of loaded.entries())
    if (isTemplateOf({ document }) && !templates.has(document.metadata.name)) templates.set(document.metadata.name, copies[i]!)
  // What a template lacks that is wrong in places would be something to run.
  const isAnyOpen = loaded.some((each, i) => isTemplateOf(each) && (copies[i]!.isOpen || writtenOf(each).wrong.length > 0))
  return loaded.flatMap((each, i) => {
    if (each.document.kind !== 'Workflow') return []
    const find = (name: string) => templates.get(name)?.spec
    const found = faultsOf(each.document.metadata.name, copies[i]!.spec, find)
    const isWhole = !copies[i]!.isOpen && !isAnyOpen
    return found
      .filter(({ message }) => isWhole || message !== NOTHING_TO_RUN)
      .flatMap((fault) => placedFault(fault, i, loaded) ?? [])
  })
}

const isTemplateOf = ({ document }: Pick<LoadedDocument, 'document'>) => document.kind === 'WorkflowTemplate'

interface MergedFault {
  message: string
  hint?: string
  /** In the document itself, or of another one where `document` says so. */
  path: Path
  document?: number
}

function faultsOf(name: string, spec: WorkflowSpec, find: (name: string) => WorkflowSpec | undefined): MergedFault[] {
  const templated = applyTemplates(withOpenParameters(spec), find, [])
  const found = compile(templated.spec, { name }).faults
  // A template that could not be filled in would have brought something.
  const faults = found.filter(({ message }) => templated.faults.length === 0 || message !== NOTHING_TO_RUN)
  return [
    ...templated.faults.map((fault) => ({ ...fault, path: ['spec', ...fault.path] })),
    ...faults.map(({ path, ...about }) => ({ ...about, ...(writtenAt(templated.spec, path) ?? { path: ['spec', ...path] }) })),
  ]
}

/** Undefined: what is told already explains it. */
function placedFault(
  { path, document, ...about }: MergedFault,
  own: number,
  loaded: readonly LoadedDocument[],
): Fault | undefined {
  const { wrong, faultAt, originOf } = writtenOf(loaded[document ?? own]!)
  // Places of steps are those in the file already.
  const place = document === undefined ? originOf(path) : path
  if (wrong.some((each) => isWithin(each, place) || isWithin(place, each))) return undefined
  return faultAt(place, about)
}

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
