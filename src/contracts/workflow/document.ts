import { z } from 'zod'
import { plain, template, wholeNumber } from './fields.ts'
import { workflowShape } from './spec-shape.ts'
import { stepsShape } from './step.ts'

export const WorkflowSpec = z
  .strictObject({
    ...workflowShape,
    ...stepsShape,
    concurrency: z
      .strictObject({
        group: template('Executions of one group wait for each other; by default those of one workflow.').optional(),
        max: wholeNumber('How many at a time.', 1).optional(),
        cancelInProgress: z.boolean().describe('The newest waiting one ends the oldest running one.').optional(),
      })
      .describe('How many executions there may be at a time.')
      .optional(),
  })
  .meta({ id: 'WorkflowSpec' })
export type WorkflowSpec = z.infer<typeof WorkflowSpec>

const Metadata = z.strictObject({
  name: plain('Its name.').regex(/^[A-Za-z0-9][A-Za-z0-9._/-]*$/, { error: 'must be of letters, digits and . _ / -' }),
  labels: z.record(z.string(), z.string()).describe('Labels, read by `labels.<name>`.').optional(),
})
const about = { metadata: Metadata, description: z.string().max(65_536).describe('What it is for.').optional() }

export const Workflow = z
  .strictObject({ kind: z.literal('Workflow'), ...about, spec: WorkflowSpec.describe('What runs.') })
  .meta({ id: 'Workflow' })
export type Workflow = z.infer<typeof Workflow>

export const WorkflowTemplate = z
  .strictObject({
    kind: z.literal('WorkflowTemplate'),
    ...about,
    spec: WorkflowSpec.describe('What is merged where it is used.'),
  })
  .meta({ id: 'WorkflowTemplate' })
export type WorkflowTemplate = z.infer<typeof WorkflowTemplate>

export const WorkflowDocument = z.discriminatedUnion('kind', [Workflow, WorkflowTemplate], {
  error: 'must be Workflow or WorkflowTemplate',
})
export type WorkflowDocument = z.infer<typeof WorkflowDocument>
