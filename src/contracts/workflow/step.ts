import { z } from 'zod'
import { Container, containerShape } from './container.ts'
import { Artifacts, Content, Fetch, Transfer } from './content.ts'
import { Execute } from './execute.ts'
import { duration, expression, fieldRoles, flag, MOST_ITEMS, template, Uses, wholeNumber } from './fields.ts'
import { Service } from './service.ts'
import { workflowShape } from './spec-shape.ts'
import { strategyShape } from './strategy.ts'

export const Run = z
  .strictObject({ ...containerShape, shell: template('Commands for `sh`; excludes `command` and `args`.').optional() })
  .refine(({ shell, command, args }) => shell === undefined || (command === undefined && args === undefined), {
    error: 'must not have `shell` beside `command` or `args`',
  })
  .meta({ id: 'Run' })
export type Run = z.infer<typeof Run>

export const Retry = z
  .strictObject({
    count: wholeNumber('Attempts after the first.'),
    until: expression('When it stops; `passed` by default.').optional(),
  })
  .meta({ id: 'Retry' })
export type Retry = z.infer<typeof Retry>

/** Works directly under `parallel`, too: there they make the first step of each worker. */
const operationShape = {
  delay: duration('Wait before anything else.').optional(),
  shell: template('Commands for `sh`, with `set -e`.').optional(),
  run: Run.describe('A command in a container of its own settings.').optional(),
  execute: Execute.describe('Other workflows.').optional(),
  artifacts: Artifacts.describe('Files that are kept, always at the end.').optional(),
}

const controlShape = {
  paused: flag('Waits just before its first command until it is resumed.').optional(),
  negative: flag('Failure is success.').optional(),
  optional: flag('Its failure does not matter.').optional(),
  retry: Retry.describe('Runs the whole step again.').optional(),
  timeout: duration('Time that it may take; paused time does not count.').optional(),
}

const Services = z.record(
  z.string().regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, { error: 'must be a name of lower-case letters, digits and -' }),
  Service,
)
const Claims = z
  .record(z.string(), z.record(z.string(), z.unknown()).register(fieldRoles, { role: 'force' }))
  .describe('Claims for volumes, read by `pvcs.<name>.name`.')

const StepItself = z.strictObject({
  name: template('What people read.').optional(),
  id: z
    .string()
    .max(256)
    .regex(/^[a-z0-9][a-z0-9_]*$/, { error: 'must be of lower-case letters, digits and _' })
    .describe(
      'By which expressions name it; otherwise its name in lower case, with `_` for each character but a–z and 0–9, and none in front: `Build (2)` is `build__2_`.',
    )
    .optional(),
  condition: expression('When it runs; `passed` by default.').optional(),
  pure: flag('May share a container with others.').optional(),
  ...controlShape,
  use: z.array(Uses).max(100).describe('Templates around this step.').optional(),
  template: Uses.describe('A template inside this step, with settings of its own.').optional(),
  content: Content.describe('Repository, files and archives.').optional(),
  container: Container.describe('Settings for all inside.').optional(),
  workingDir: template('Folder in which commands run.').optional(),
  services: Services.describe('Services that live as long as the step.').optional(),
  ...operationShape,
})
export interface Step extends z.infer<typeof StepItself> {
  setup?: Step[]
  parallel?: Parallel
  steps?: Step[]
}

const steps = (about: string) => z.array(Step).max(MOST_ITEMS).describe(about).optional()

export const Step: z.ZodType<Step> = StepItself.extend({
  get setup() {
    return steps('Steps before all operations.')
  },
  get parallel() {
    return Parallel.describe('Workers.').optional()
  },
  get steps() {
    return steps('Steps inside.')
  },
}).meta({ id: 'Step' })

const ParallelItself = z.strictObject({
  ...strategyShape,
  parallelism: wholeNumber('How many workers at a time; 1000 by default.', 1).optional(),
  failFast: flag('The first failed worker ends the others.').optional(),
  description: template('Of each worker.').optional(),
  logs: expression('When the output of a worker is kept; always by default.').optional(),
  transfer: z.array(Transfer).max(100).describe('Files that each worker gets.').optional(),
  fetch: z.array(Fetch).max(100).describe('Files that come back from each worker.').optional(),
  ...controlShape,
  ...operationShape,
  template: Uses.describe('A template as the first step of each worker.').optional(),
  ...workflowShape,
  services: Services.describe('Services of each worker.').optional(),
  pvcs: Claims.optional(),
})
/** A whole workflow, once for each worker. */
export interface Parallel extends z.infer<typeof ParallelItself> {
  setup?: Step[]
  steps?: Step[]
  after?: Step[]
}

export const Parallel: z.ZodType<Parallel> = ParallelItself.extend({
  get setup() {
    return steps('Steps before all others.')
  },
  get steps() {
    return steps('Steps of each worker.')
  },
  get after() {
    return steps('Steps at the end; those with `condition: always` run whatever happened.')
  },
}).meta({ id: 'Parallel' })

/** What a workflow and each worker of `parallel` have alike. */
export const stepsShape = {
  services: Services.describe('Services that live as long as the workflow.').optional(),
  pvcs: Claims.optional(),
  setup: steps('Steps before all others.'),
  steps: steps('Steps.'),
  after: steps('Steps at the end; those with `condition: always` run whatever happened.'),
}
