import { z } from 'zod'
import { Container, Job, Pod } from './container.ts'
import { Content } from './content.ts'
import { duration, flag, plain, scalar, Target, template, templateMap, Uses } from './fields.ts'

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u').unicode
  } catch {
    // That is the answer.
    return false
  }
}

/** A parameter of a workflow or template. */
export const Parameter = z
  .strictObject({
    description: plain('What it is for.').optional(),
    type: z.enum(['string', 'integer', 'number', 'boolean']).describe('`string` by default.').optional(),
    default: scalar('Its value if none is given; absent: one must be given.').optional(),
    enum: z.array(scalar('A value.')).min(1).max(1_000).describe('The values that there are.').optional(),
    example: scalar('For people.').optional(),
    sensitive: flag('Never shown.').optional(),
    format: plain('For people and editors, such as `uri`.').optional(),
    pattern: z
      .string()
      .max(1_024)
      .refine(isPattern, { error: 'must be a regular expression' })
      .describe('Regular expression that a text must match.')
      .optional(),
    minLength: z.int().min(0).describe('Of a text.').optional(),
    maxLength: z.int().min(0).describe('Of a text.').optional(),
    minimum: z.number().describe('Of a number.').optional(),
    maximum: z.number().describe('Of a number.').optional(),
    exclusiveMinimum: z.number().describe('A number must be above it.').optional(),
    exclusiveMaximum: z.number().describe('A number must be below it.').optional(),
    multipleOf: z.number().gt(0).describe('A number must be a multiple of it.').optional(),
  })
  .meta({ id: 'Parameter' })
export type Parameter = z.infer<typeof Parameter>

export const CronJob = z
  .strictObject({
    cron: template('When, in five fields.'),
    timezone: template('Such as `Europe/Berlin`.').optional(),
    labels: templateMap('Labels.').optional(),
    annotations: templateMap('Annotations.').optional(),
    config: z.record(z.string(), scalar('Value of a parameter.')).describe('Values of parameters.').optional(),
    target: Target.optional(),
  })
  .meta({ id: 'CronJob' })
export type CronJob = z.infer<typeof CronJob>

/** Everything of a workflow but its steps, services and claims. */
export const workflowShape = {
  use: z.array(Uses).max(100).describe('Templates under this workflow, the first outermost.').optional(),
  config: z.record(z.string(), Parameter).describe('Parameters, read by `config.<name>`.').optional(),
  content: Content.describe('Repository, files and archives for all steps.').optional(),
  container: Container.describe('Settings for all steps.').optional(),
  job: Job.describe('Labels, annotations and deadline of the job.').optional(),
  pod: Pod.describe('Where it runs.').optional(),
  system: z
    .strictObject({
      pureByDefault: flag('Steps are `pure` if they do not say otherwise.').optional(),
      isolatedContainers: flag('Each step has a container of its own.').optional(),
    })
    .describe('How steps share containers.')
    .optional(),
  execution: z
    .strictObject({
      tags: templateMap('Tags of the execution.').optional(),
      target: Target.optional(),
      silent: flag('Does not count for health and notifications.').optional(),
    })
    .describe('Of each execution.')
    .optional(),
  timeouts: z
    .strictObject({
      queue: duration('Time that it may wait for its turn.').optional(),
      initialization: duration('Time from its turn to its first step.').optional(),
    })
    .describe('Times before the first step.')
    .optional(),
  events: z
    .array(z.strictObject({ cronjob: CronJob.describe('A plan in time.').optional() }))
    .max(100)
    .describe('When it runs by itself.')
    .optional(),
}
