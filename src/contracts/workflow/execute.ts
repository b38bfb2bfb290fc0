import { z } from 'zod'
import { flag, plain, scalar, Target, template, templateMap, templates, wholeNumber } from './fields.ts'
import { strategyShape } from './strategy.ts'

export const ExecuteWorkflow = z
  .strictObject({
    name: template('Name of the workflow.').optional(),
    selector: z
      .strictObject({ matchLabels: templateMap('Labels that it must have.') })
      .describe('Workflows by label.')
      .optional(),
    description: template('What it is for.').optional(),
    executionName: template('Name of the execution.').optional(),
    config: z.record(z.string(), scalar('Value of a parameter.')).describe('Values of its parameters.').optional(),
    tarball: z
      .record(
        plain('Name.'),
        z.strictObject({ from: template('Folder.'), files: templates('Patterns; `**/*` by default.').optional() }),
      )
      .describe('Archives for it, read by `{{ tarball.<name>.url }}` in `config`.')
      .optional(),
    target: Target.optional(),
    ...strategyShape,
  })
  .refine(({ name, selector }) => (name === undefined) !== (selector === undefined), {
    error: 'must have either `name` or `selector`',
  })
  .meta({ id: 'ExecuteWorkflow' })
export type ExecuteWorkflow = z.infer<typeof ExecuteWorkflow>

export const Execute = z
  .strictObject({
    workflows: z.array(ExecuteWorkflow).min(1).max(1_000).describe('Workflows that are run.'),
    parallelism: wholeNumber('How many at a time; 100 by default.', 1).optional(),
    async: flag('Only starts them.').optional(),
  })
  .meta({ id: 'Execute' })
export type Execute = z.infer<typeof Execute>
