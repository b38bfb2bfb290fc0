import { z } from 'zod'
import { WorkflowDocument } from '../contracts/workflow/document.ts'

/** The shape of workflows for editors. @see https://json-schema.org/draft-07 (what editors of YAML read) */
export function workflowJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(WorkflowDocument, { target: 'draft-7', io: 'input' })
  return { title: 'everwarm workflow', ...schema }
}
