import type { Workflow, WorkflowTemplate } from '../contracts/workflow/document.ts'
import type { Fault } from './fault.ts'
import type { LoadedDocument } from './load.ts'
import { withOrigins } from './origins.ts'
import type { TemplateSource } from './templates.ts'

export interface LoadedWorkflow extends LoadedDocument {
  document: Workflow
}

/** The documents of some files by what they are. */
export interface KnownDocuments {
  /** All, in the order in which they were loaded. */
  documents: readonly LoadedDocument[]
  workflows: LoadedWorkflow[]
  templateNames: string[]
  findTemplate: TemplateSource
  /** Documents of the same kind and name. */
  faults: Fault[]
}

export function knownDocuments(loaded: readonly LoadedDocument[]): KnownDocuments {
  const templates = new Map<string, WorkflowTemplate['spec']>()
  const workflows = new Map<string, LoadedWorkflow>()
  const faults: Fault[] = []
  for (const [i, each] of loaded.entries()) {
    const { document, faultAt } = each
    const { name } = document.metadata
    if ((document.kind === 'Workflow' ? workflows : templates).has(name))
      faults.push(faultAt(['metadata', 'name'], { message: `There is another ${document.kind} with the name "${name}".` }))
    else if (document.kind === 'Workflow') workflows.set(name, each as LoadedWorkflow)
    else templates.set(name, withOrigins(document, i))
  }
  return {
    documents: loaded,
    workflows: [...workflows.values()],
    templateNames: [...templates.keys()],
    findTemplate: (name) => templates.get(name),
    faults,
  }
}
