import { isMapLike } from '../schema-walk.ts'

const KINDS: Readonly<Record<string, string>> = { TestWorkflow: 'Workflow', TestWorkflowTemplate: 'WorkflowTemplate' }

/** What a document of Testkube is here; undefined if it is of another kind. */
export function testkubeKind(value: unknown): string | undefined {
  const kind = isMapLike(value) ? String(value['kind']) : ''
  return Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined
}
