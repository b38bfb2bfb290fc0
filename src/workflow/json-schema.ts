import { z } from 'zod'
import { WorkflowDocument } from '../contracts/workflow/document.ts'

const KINDS = ['Workflow', 'WorkflowTemplate']

/**
 * The shape of workflows for editors. @see https://json-schema.org/draft-07 (what editors of YAML read)
 * Both kinds hang on `kind`: of a wrong document an editor says what is wrong, not that none of two shapes fits.
 */
export function workflowJsonSchema(): Record<string, unknown> {
  const { oneOf: _, ...schema } = z.toJSONSchema(WorkflowDocument, { target: 'draft-7', io: 'input' })
  return {
    title: 'everwarm workflow',
    ...schema,
    type: 'object',
    required: ['kind', 'metadata', 'spec'],
    properties: { kind: { enum: KINDS }, metadata: {}, description: {}, spec: {} },
    allOf: KINDS.map(whenKind),
  }
}

const whenKind = (kind: string) => ({
  if: { required: ['kind'], properties: { kind: { const: kind } } },
  // A word of JSON Schema, and no promise.
  // oxlint-disable-next-line unicorn/no-thenable
  then: { $ref: `#/definitions/${kind}` },
})
