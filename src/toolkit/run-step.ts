import type { WorkflowEvent } from '../contracts/workflow/events.ts'
import { type ExecutorAsked, openExecutor } from '../executors/open-executor.ts'
import { dataFolder, definedOnly } from '../system/settings.ts'
import { fieldFindings, findingText, refuseFindings } from '../workflow/check-executor.ts'
import { tidyBehind } from '../workflow/executions/retention.ts'
import { type StartedExecution, startExecution } from '../workflow/executions/run-execution.ts'
import { sensitiveMasks } from '../workflow/sensitive.ts'
import { isSecretVariable, openSecrets } from '../workflow/executions/secrets.ts'
import { configuredStore } from './artifact-place.ts'
import type { ToolkitGiven } from './command.ts'
import type { ToolkitConfig } from './toolkit-config.ts'
import { hereExecutor } from './here/here-executor.ts'
import type { PreparedStep } from './one-step.ts'

export interface StepRun extends StartedExecution {
  /** After its end: nothing of it is left. */
  close(): Promise<void>
}

export interface StepRunOptions extends PreparedStep {
  given: Pick<ToolkitGiven, 'env' | 'cwd'>
  config: ToolkitConfig
  hear(event: WorkflowEvent, line: string): void
  note(text: string): void
}

/**
 * Runs the workflow around one step in the current folder; it is an execution as any other, which `everwarm workflow` shows and steers.
 * @throws EverwarmError as `startExecution`
 */
export async function startStep({ given, config, prepared, known, warnings, hear, note }: StepRunOptions): Promise<StepRun> {
  const { env, cwd } = given
  const { executor: name, image, namespace, context, kubeconfig, artifacts } = config
  const asked = { name, env, ...definedOnly({ image, namespace, context, kubeconfig }) } as ExecutorAsked
  const real = await openExecutor(asked)
  const data = env['WORKFLOW_DATA']
  const keepOut = config.secrets === undefined ? [] : [config.secrets]
  const executor = hereExecutor(real, { cwd, keepOut, ...(data ? { data } : {}) })
  const notes = refuseFindings(fieldFindings(prepared, real.ignores), { executor: name, isStrict: false })
  const masks = sensitiveMasks(prepared)
  if (config.transfer) masks.add(config.transfer.token)
  const { secrets: file, sharedSecrets: isShared } = config
  const secrets = openSecrets({ ...(file === undefined ? {} : { file }), isShared, env: { ...env }, masks })
  hideFromSteps()
  const executions = dataFolder(env, 'executions')
  const store = await configuredStore(artifacts, env)
  const started = await startExecution({
    executions,
    groups: dataFolder(env, 'groups'),
    prepared,
    known,
    executor,
    executorName: name,
    secrets,
    masks,
    ...(store ? { store } : {}),
    notes: [...warnings, ...notes.map(findingText)],
    listener: hear,
    onFault: note,
  })
  tidyBehind(real, executions)
  return { ...started, close: () => executor.close() }
}

/** Steps are given their secrets by name; they inherit none, and no configuration of ours. */
function hideFromSteps(): void {
  for (const name of Object.keys(process.env)) if (isSecretVariable(name) || name === 'EVERWARM_CONFIG') delete process.env[name]
}
